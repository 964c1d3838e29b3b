#!/usr/bin/env python3
"""Reference values for the flows: Tests/Reference/flows.json, from nflows, zuko and normflows in float64.

  flows.py [OUT.json]      needs torch, zuko 1.6.0, nflows 0.14, normflows 1.7.3
Tests/Reference/README.md describes the file. The tests read it and need none of these packages.
"""
import functools
import json
import math
import os
import platform
import sys
from importlib.metadata import version

import normflows
import torch
import torch.nn.functional as F
import zuko
from nflows.transforms import (AdditiveCouplingTransform, CompositeTransform,
                               PiecewiseRationalQuadraticCouplingTransform, ReversePermutation)
from nflows.transforms.autoregressive import MaskedPiecewiseRationalQuadraticAutoregressiveTransform
from nflows.transforms.lu import LULinear
from nflows.transforms.made import MADE
from nflows.transforms.normalization import ActNorm, BatchNorm
from nflows.transforms.splines.rational_quadratic import unconstrained_rational_quadratic_spline

from flows_export import (MIN_SLOPE, SLOPE_OFFSET, flow_case, linear_layers, masked, normal, on_grid, plain, randomise,
                          relative, rows_of, sorted_network)

SEED = 20240607
BINS, BOUND = 8, 5.0
SPLINE = {"type": "spline", "bins": BINS, "bound": BOUND, "min_bin": 1e-3, "min_slope": MIN_SLOPE}
AFFINE = {"type": "affine", "log_scale_bound": -math.log(1e-3)}
SPLINE_ROWS = 3 * BINS - 1


# MADE ------------------------------------------------------------------------------------------------------------

def made_layers(made):
    layers = [made.initial_layer]
    for block in made.blocks:
        layers += list(block.linear_layers) if made.use_residual_blocks else [block.linear]
    return layers + [made.final_layer]


def made_case(features=5, hidden=16, blocks=1, outputs=2, activation="relu", residual=False, context=0,
              activated=False):
    function = {"relu": F.relu, "tanh": torch.tanh, "silu": F.silu, "elu": F.elu, "softplus": F.softplus}[activation]
    made = MADE(features, hidden, context or None, blocks, outputs, residual, activation=function)
    for layer in made_layers(made):
        randomise(layer)
    layers = [masked(layer) for layer in made_layers(made)]
    column_degrees = list(range(1, features + 1))
    x = rows_of(features)
    given = given_to_ours = None
    if context:
        # nflows adds activation(context_layer(context)) to the first layer. As an input of our network that is one
        # context column a hidden unit, with the identity for weights. Its residual blocks add a second term: zero here.
        randomise(made.context_layer)
        for block in made.blocks:
            if residual:
                torch.nn.init.zeros_(block.context_layer.weight), torch.nn.init.zeros_(block.context_layer.bias)
        given = rows_of(context)
        given_to_ours = function(made.context_layer(given))
        weight, bias, mask = layers[0]
        layers[0] = (torch.cat([torch.eye(hidden), weight], 1), bias,
                     torch.cat([torch.ones(hidden, hidden, dtype=torch.bool), mask], 1))
        column_degrees = [0] * hidden + column_degrees
    with torch.no_grad():
        if activated:
            h = made.initial_layer(x) if given is None else made.initial_layer(x) + given_to_ours
            for block in made.blocks:
                h = block(h, given)
            output = made.final_layer(function(h))
        else:
            output = made(x, given)
    network = sorted_network(layers, column_degrees, features, outputs, activation, residual, activated)
    return {"source": "nflows MADE", **network, "context": None if given is None else plain(given_to_ours),
            "x": plain(x), "output": plain(output)}


def zuko_network(net, order, context, outputs, activation="relu"):
    """zuko's columns are [features, context]; rows of the output stand in the features' own order."""
    features = len(order)
    layers = [masked(layer) for layer in linear_layers(net)]
    weight, bias, mask = layers[-1]
    position = torch.argsort(torch.as_tensor(order))
    rows = (position[:, None] * outputs + torch.arange(outputs)).reshape(-1)
    layers[-1] = weight[rows], bias[rows], mask[rows]
    return sorted_network(layers, [int(rank) + 1 for rank in order] + [0] * context, features, outputs, activation)


def zuko_made_case(features=4, context=2, outputs=3):
    adjacency = torch.ones(features, features).tril(-1).bool()
    adjacency = torch.cat([adjacency, torch.ones(features, context, dtype=torch.bool)], 1)
    net = zuko.nn.MaskedMLP(adjacency.repeat_interleave(outputs, 0), [16, 20], torch.nn.ELU)
    for layer in linear_layers(net):
        randomise(layer)
    x, given = rows_of(features), rows_of(context)
    return {"source": "zuko MaskedMLP", **zuko_network(net, range(features), context, outputs, "elu"),
            "context": plain(given), "x": plain(x), "output": plain(net(torch.cat([x, given], 1)))}


# Autoregressive flows --------------------------------------------------------------------------------------------

def zuko_forward(flow, x, context):
    return flow(context).transform.call_and_ladj(x)


def zuko_inverse(flow, z, context):
    return flow(context).transform.inv(z)


class NflowsSpline(torch.distributions.Transform):
    """nflows' spline as a univariate transformation of zuko, with our parameterisation of the slopes."""
    domain = codomain = torch.distributions.constraints.real
    bijective, sign = True, +1

    def __init__(self, widths, heights, slopes):
        super().__init__()
        self.spline = functools.partial(
            unconstrained_rational_quadratic_spline, unnormalized_widths=widths, unnormalized_heights=heights,
            unnormalized_derivatives=slopes + SLOPE_OFFSET, tail_bound=BOUND)

    def _call(self, x):
        return self.spline(x)[0]

    def _inverse(self, y):
        return self.spline(y, inverse=True)[0]

    def log_abs_det_jacobian(self, x, y):
        return self.spline(x)[1]

    def call_and_ladj(self, x):
        return self.spline(x)


def zuko_autoregressive_case(context=0, spline=False, randperm=False, features=5):
    more = dict(univariate=NflowsSpline, shapes=[(BINS,), (BINS,), (BINS - 1,)]) if spline else {}
    flow = zuko.flows.MAF(features, context, transforms=3, randperm=randperm, hidden_features=(16, 16), **more)
    outputs, layers = SPLINE_ROWS if spline else 2, []
    for transform in flow.transform.transforms:
        linears = linear_layers(transform.hyper)
        for linear in linears:
            randomise(linear, gain=0.7 if spline and linear is linears[-1] else 0.8)
        layers.append({"type": "autoregressive", "order": torch.argsort(transform.order).tolist(),
                       "transformer": SPLINE if spline else AFFINE,
                       "network": zuko_network(transform.hyper, transform.order, context, outputs)})
    return flow_case("zuko MAF" + (" with nflows' spline" if spline else ""), layers, flow, zuko_forward, zuko_inverse,
                     features, context)


def nflows_forward(transform, x, context):
    return transform(x, context)


def nflows_inverse(transform, z, context):
    return transform.inverse(z, context)[0]


def shift_slopes(linear, count, divisor=1.0):
    """From our parameters of splines to nflows': slopes moved by the constant, widths and heights times divisor."""
    ours = linear.weight.detach().clone(), linear.bias.detach().clone()
    with torch.no_grad():
        weight, bias = (t.view(count, SPLINE_ROWS, -1) for t in (linear.weight, linear.bias))
        weight[:, :2 * BINS] *= divisor
        bias[:, :2 * BINS] *= divisor
        bias[:, 2 * BINS:] += SLOPE_OFFSET
    return ours


def nflows_nsf_case(features=5):
    parts, layers = [], []
    for index in range(3):
        part = MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            features, 16, num_bins=BINS, tails="linear", tail_bound=BOUND, num_blocks=1, use_residual_blocks=False)
        made = part.autoregressive_net
        assert not hasattr(made, "hidden_features")  # else nflows would divide widths and heights
        for layer in made_layers(made):
            randomise(layer, gain=0.7 if layer is made.final_layer else 0.8)
        ours = [masked(layer) for layer in made_layers(made)]
        weight, bias = shift_slopes(made.final_layer, features)
        ours[-1] = weight * made.final_layer.mask, bias, made.final_layer.mask.bool()
        network = sorted_network(ours, range(1, features + 1), features, SPLINE_ROWS, "relu")
        if index:
            parts.append(ReversePermutation(features))
            layers.append({"type": "permutation", "order": list(range(features))[::-1]})
        parts.append(part)
        layers.append({"type": "autoregressive", "order": list(range(features)), "transformer": SPLINE,
                       "network": network})
    return flow_case("nflows MaskedPiecewiseRationalQuadraticAutoregressiveTransform", layers,
                     CompositeTransform(parts), nflows_forward, nflows_inverse, features)


# Coupling flows --------------------------------------------------------------------------------------------------

class Conditioner(torch.nn.Module):
    """Two hidden layers; its input is the context, then the features that are held."""

    def __init__(self, inputs, outputs, context, hidden=16):
        super().__init__()
        self.net = zuko.nn.MLP(inputs + context, outputs, [hidden, hidden])
        self.hidden_features = hidden  # makes nflows divide widths and heights by its root, here exactly 4
        for linear in self.linears:
            randomise(linear, gain=0.7 if linear is self.linears[-1] else 0.8)

    @property
    def linears(self):
        return linear_layers(self.net)

    def forward(self, held, context=None):
        return self.net(held if context is None else torch.cat([context, held], 1))


def mlp(linears, last=None, columns=None):
    layers = [[linear.weight.detach(), linear.bias.detach()] for linear in linears]
    if last is not None:
        layers[-1] = list(last)
    if columns is not None:
        layers[0][0] = layers[0][0][:, columns]
    return {"kind": "mlp", "activation": "relu", "layers": [{"weight": plain(w), "bias": plain(b)} for w, b in layers]}


def nflows_coupling_case(spline, context=0, features=5):
    parts, layers = [], []
    for index in range(4):
        moved = [(feature + index) % 2 == 0 for feature in range(features)]
        make = functools.partial(PiecewiseRationalQuadraticCouplingTransform, num_bins=BINS, tails="linear",
                                 tail_bound=BOUND) if spline else AdditiveCouplingTransform
        part = make([int(m) for m in moved], lambda i, o: Conditioner(i, o, context))
        net = part.transform_net
        last = shift_slopes(net.linears[-1], sum(moved), net.hidden_features ** 0.5) if spline else None
        parts.append(part)
        layers.append({"type": "coupling", "is_transformed": moved,
                       "transformer": SPLINE if spline else {"type": "additive"}, "network": mlp(net.linears, last)})
    name = "PiecewiseRationalQuadraticCouplingTransform" if spline else "AdditiveCouplingTransform"
    return flow_case("nflows " + name, layers, CompositeTransform(parts), nflows_forward, nflows_inverse, features,
                     context)


def zuko_realnvp_case(context=0, features=5):
    flow = zuko.flows.RealNVP(features, context, transforms=4, hidden_features=(16, 16))
    layers = []
    for transform in flow.transform.transforms:
        linears = linear_layers(transform.hyper)
        for linear in linears:
            randomise(linear, gain=0.8)
        held = int(transform.mask.sum())
        columns = list(range(held, held + context)) + list(range(held))  # zuko's are [held, context]
        layers.append({"type": "coupling", "is_transformed": [not bool(m) for m in transform.mask],
                       "transformer": AFFINE, "network": mlp(linears, columns=columns)})
    return flow_case("zuko RealNVP", layers, flow, zuko_forward, zuko_inverse, features, context)


# Other layers ----------------------------------------------------------------------------------------------------

def lu_case(features=5):
    part = LULinear(features, identity_init=False)
    with torch.no_grad():
        for p in part.parameters():
            p.copy_(normal(*p.shape, std=0.5))
        lower, upper = part._create_lower_upper()

    def inverse(part, z, context):
        lower, upper = part._create_lower_upper()
        inner = torch.linalg.solve_triangular(lower, (z - part.bias).T, upper=False, unitriangular=True)
        return torch.linalg.solve_triangular(upper, inner, upper=True).T

    layer = {"type": "lu", "lower": plain(lower), "upper": plain(upper), "bias": plain(part.bias)}
    return flow_case("nflows LULinear", [layer], part, nflows_forward, inverse, features)


def batch_norm_case(features=4):
    part = BatchNorm(features).eval()
    with torch.no_grad():
        part.unconstrained_weight.copy_(normal(features))
        part.bias.copy_(normal(features))
        part.running_mean.copy_(normal(features, std=2))
        part.running_var.copy_(on_grid(normal(features).exp()))
    layer = {"type": "batch_norm", "mean": plain(part.running_mean), "variance": plain(part.running_var),
             "epsilon": part.eps, "weight": plain(part.weight), "bias": plain(part.bias)}
    return flow_case("nflows BatchNorm, frozen statistics", [layer], part, nflows_forward, nflows_inverse, features)


def act_norm_case(features=4):
    part = ActNorm(features).eval()
    with torch.no_grad():
        part.log_scale.copy_(normal(features))
        part.shift.copy_(normal(features))
    layer = {"type": "act_norm", "log_scale": plain(part.log_scale), "shift": plain(part.shift)}
    return flow_case("nflows ActNorm", [layer], part, nflows_forward, nflows_inverse, features)


def logit_case(features=3):
    x = torch.cat([on_grid(torch.rand(10, features) * 0.9 + 0.05), torch.full((1, features), 1 / 1024),
                   torch.full((1, features), 1023 / 1024)])
    return flow_case("torch.logit", [{"type": "logit"}], None,
                     lambda _, x, c: (torch.logit(x), -(x.log() + (-x).log1p()).sum(-1)),
                     lambda _, z, c: torch.sigmoid(z), features, x=x)


def composed(parts, x, context):
    total = torch.zeros(len(x))
    for part in parts:
        x, log_abs_det = part(x)
        total = total + log_abs_det
    return x, total


def planar_parameters(part):
    u, w = part.u[0], part.w[0]
    inner = (w * u).sum()
    return u + (F.softplus(inner) - 1 - inner) * w / w.square().sum(), w, part.b[0]


def planar_inverse(parts, z, context):
    for part in reversed(parts):
        u, w, b = planar_parameters(part)
        slope = (w * u).sum()
        target = z @ w
        # alpha + slope tanh(alpha + b) = w z rises in alpha, as slope > -1: bisection to the last bit.
        low, high = target - slope.abs() - 1, target + slope.abs() + 1
        for _ in range(200):
            middle = (low + high) / 2
            over = middle + slope * torch.tanh(middle + b) > target
            low, high = torch.where(over, low, middle), torch.where(over, middle, high)
        z = z - u * torch.tanh(low + b)[:, None]
    return z


def planar_case(features=4):
    parts = torch.nn.ModuleList(normflows.flows.Planar((features,)) for _ in range(3))
    layers = []
    for index, part in enumerate(parts):
        with torch.no_grad():
            part.u.copy_(normal(1, features))
            part.w.copy_(normal(1, features, std=0.7))
            part.b.copy_(normal(1))
            if index == 1:
                part.u.copy_(on_grid(-part.w))  # w u = -|w|^2: the constraint acts
        u, w, b = planar_parameters(part)
        layers.append({"type": "planar", "w": plain(w), "b": b.item(), "u_unconstrained": plain(part.u[0]),
                       "u": plain(u)})
    return flow_case("normflows Planar; inverse by bisection", layers, parts, composed, planar_inverse, features)


def radial_inverse(parts, z, context):
    for part in reversed(parts):
        alpha = part.alpha.abs()
        beta = F.softplus(part.beta) - alpha
        offset = z - part.z_0
        length = torch.linalg.vector_norm(offset, dim=1, keepdim=True)
        # length = r (1 + beta / (alpha + r)): r is the positive root of r^2 + (alpha + beta - length) r - alpha length.
        half = (alpha + beta - length) / 2
        root = (half.square() + alpha * length).sqrt()
        r = torch.where(half > 0, alpha * length / (half + root), root - half)
        z = part.z_0 + offset / (1 + beta / (alpha + r))
    return z


def radial_case(features=4):
    parts = torch.nn.ModuleList(normflows.flows.Radial((features,)) for _ in range(3))
    layers = []
    for index, part in enumerate(parts):
        with torch.no_grad():
            part.z_0.copy_(normal(1, features))
            part.alpha.copy_(normal(1).abs() + 0.25)
            part.beta.copy_(on_grid([[1.5], [-1.0], [0.25]][index]))
        layers.append({"type": "radial", "center": plain(part.z_0[0]), "alpha": part.alpha.item(),
                       "beta_unconstrained": part.beta.item(), "beta": (F.softplus(part.beta) - part.alpha).item()})
    return flow_case("normflows Radial; inverse by the quadratic formula", layers, parts, composed, radial_inverse,
                     features)


# The spline alone ------------------------------------------------------------------------------------------------

def spline_curve(bins, bound, widths, heights, slopes, min_bin=1e-3, min_slope=MIN_SLOPE):
    offset = math.log(math.exp(1 - min_slope) - 1)
    span = 2 * bound

    def knots(logits):
        sizes = min_bin + (1 - min_bin * bins) * torch.softmax(logits, -1)
        return span * sizes.cumsum(-1)[:-1] - bound

    outside = [bound * 1.0009765625, bound + 1, 20 * bound, 1e6]
    common = on_grid(torch.linspace(-bound, bound, 25)).tolist() + outside + [-v for v in outside]
    x, y = (torch.tensor(common + knots(logits).tolist()) for logits in (widths, heights))

    def spline(values, inverse):
        many = [t.to(values.dtype).expand(len(values), -1) for t in (widths, heights, slopes + offset)]
        return unconstrained_rational_quadratic_spline(
            values, *many, inverse=inverse, tail_bound=bound, min_bin_width=min_bin, min_bin_height=min_bin,
            min_derivative=min_slope)

    image, log_slope = spline(x, False)
    origin, inverse_log_slope = spline(y, True)
    single = [*spline(x.float(), False), *spline(y.float(), True)]
    assert (spline(origin, False)[0] - y).abs().max() < 1e-11 * (1 + y.abs().max())
    return {"transformer": {"type": "spline", "bins": bins, "bound": bound, "min_bin": min_bin, "min_slope": min_slope},
            "parameters": plain(torch.cat([widths, heights, slopes])), "x": plain(x), "y": plain(image),
            "log_slope": plain(log_slope), "y_given": plain(y), "x_of_y": plain(origin),
            "inverse_log_slope": plain(inverse_log_slope),
            "peer_float32_error": {"y": relative(single[0], image), "log_slope": relative(single[1], log_slope),
                                   "x_of_y": relative(single[2], origin),
                                   "inverse_log_slope": relative(single[3], inverse_log_slope)}}


def spline_case():
    curves = []
    shapes = [(8, 5.0, 1), (8, 5.0, 1), (8, 5.0, 1.25), (4, 3.0, 1), (1, 2.0, 1), (16, 8.0, 1.25), (8, 5.0, 0)]
    for bins, bound, std in shapes:
        curves.append(spline_curve(bins, bound, *(normal(n, std=std) for n in (bins, bins, bins - 1))))
    curves.append(spline_curve(5, 4.0, *(normal(n) for n in (5, 5, 4)), min_bin=0.03125, min_slope=0.0625))
    return {"kind": "spline", "source": "nflows unconstrained_rational_quadratic_spline", "curves": curves}


def cases():
    for activation in ("relu", "tanh", "silu", "elu", "softplus"):
        yield f"made_{activation}", made_case(hidden=16 if activation == "relu" else 9, activation=activation)
    yield "made_deep", made_case(features=6, hidden=12, blocks=3, outputs=1)
    yield "made_context", made_case(context=2, hidden=8)
    yield "made_one_feature", made_case(features=1, context=2, hidden=4)
    yield "made_residual", made_case(residual=True, blocks=2)
    yield "made_residual_activated", made_case(residual=True, blocks=2, activated=True)
    yield "made_residual_activated_context", made_case(residual=True, blocks=1, hidden=8, context=2, activated=True,
                                                       activation="tanh")
    yield "masked_mlp_context", zuko_made_case()
    yield "maf", zuko_autoregressive_case()
    yield "maf_context", zuko_autoregressive_case(context=2)
    yield "maf_permuted", zuko_autoregressive_case(randperm=True, features=6)
    yield "nsf", nflows_nsf_case()
    yield "nsf_context", zuko_autoregressive_case(context=2, spline=True, features=4)
    yield "nsf_coupling", nflows_coupling_case(spline=True)
    yield "nsf_coupling_context", nflows_coupling_case(spline=True, context=2, features=4)
    yield "realnvp", zuko_realnvp_case()
    yield "realnvp_context", zuko_realnvp_case(context=2)
    yield "nice", nflows_coupling_case(spline=False)
    yield "lu", lu_case()
    yield "batch_norm", batch_norm_case()
    yield "act_norm", act_norm_case()
    yield "logit", logit_case()
    yield "planar", planar_case()
    yield "radial", radial_case()
    yield "spline", spline_case()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Reference/flows.json")
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    packages = ("torch", "zuko", "nflows", "normflows", "numpy")
    head = {"made_by": "Scripts/reference/flows.py", "seed": SEED, "precision": "float64",
            "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}}}
    with open(out, "w") as file:
        file.write(json.dumps(head)[:-1] + ',\n"cases": {\n')
        lines = []
        for name, case in cases():
            lines.append(f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'), allow_nan=False)}")
            print(f"{name:32} {len(lines[-1]) / 1e3:6.1f} kB  {case.get('peer_float32_error', '')}", file=sys.stderr)
        file.write(",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
