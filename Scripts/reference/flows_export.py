"""Shared by flows.py: parameters on a grid, networks sorted by degree, and one flow case from any forward and inverse.

Parameters and inputs are multiples of 1/1024, so that they are the same numbers in float32 and in float64.
"""
import copy
import math

import numpy as np
import torch

GRID = 1024
# nflows' interior slopes are min_slope + softplus(d); ours are min_slope + softplus(u + SLOPE_OFFSET).
MIN_SLOPE = 1e-3
SLOPE_OFFSET = math.log(math.exp(1 - MIN_SLOPE) - 1)


def on_grid(values):
    return torch.round(torch.as_tensor(values, dtype=torch.float64) * GRID) / GRID


def normal(*shape, std=1.0):
    return on_grid(torch.randn(*shape, dtype=torch.float64) * std)


def randomise(linear, gain=1.2, bias_std=0.3):
    """Replaces a linear layer's parameters by normal ones on the grid, weights scaled by the root of the fan-in."""
    with torch.no_grad():
        linear.weight.copy_(normal(*linear.weight.shape, std=gain / linear.weight.shape[1] ** 0.5))
        linear.bias.copy_(normal(*linear.bias.shape, std=bias_std))


def linear_layers(net):
    return [layer for layer in net if hasattr(layer, "weight")]


def rows_of(features, count=12):
    """Rows of normal values; the last four far outside: two of 3, two of 6 standard deviations."""
    scale = torch.ones(count, 1, dtype=torch.float64)
    scale[-4:-2], scale[-2:] = 3, 6
    return on_grid(normal(count, features) * scale)


def plain(tensor):
    """A nested list, for JSON."""
    return (tensor.detach() + 0.0).tolist() if isinstance(tensor, torch.Tensor) else np.asarray(tensor + 0.0).tolist()


def masked(layer):
    """The weight that acts, the bias and the mask of a masked linear layer of nflows or zuko."""
    return layer.weight.detach() * layer.mask, layer.bias.detach(), layer.mask.bool()


def sorted_network(layers, column_degrees, features, outputs_per_feature, activation, residual=False,
                   activation_before_output=None):
    """A MADE as JSON, hidden units sorted by degree and input columns by degree, so that it is block-triangular.

    layers: (masked weight, bias, mask), first to last. column_degrees: of the input's columns, 0 for context. A unit's
    degree is the highest among the inputs that it sees. Rows of the last layer: feature of degree 1 first.
    """
    exported, hidden_degrees = [], []
    degrees = torch.as_tensor(column_degrees)
    order = torch.argsort(degrees, stable=True)
    for index, (weight, bias, mask) in enumerate(layers):
        last = index == len(layers) - 1
        if last:
            own = torch.arange(features * outputs_per_feature) // outputs_per_feature + 1
            row_order = torch.arange(len(own))
            rule = own[:, None] > degrees[order]
        else:
            own = torch.stack([degrees[row].max() if row.any() else torch.tensor(0) for row in mask])
            row_order = torch.argsort(own, stable=True)
            rule = own[row_order][:, None] >= degrees[order]
            hidden_degrees.append(own[row_order].tolist())
        sorted_mask = mask[row_order][:, order]
        assert torch.equal(sorted_mask, rule), f"layer {index} is not fully connected under its degrees"
        exported.append({"weight": plain(weight[row_order][:, order]), "bias": plain(bias[row_order])})
        degrees, order = own, row_order
    if residual:
        assert all(d == hidden_degrees[0] for d in hidden_degrees)
    network = {"kind": "made", "features": features, "context_features": sum(d == 0 for d in column_degrees),
               "outputs_per_feature": outputs_per_feature, "activation": activation, "residual": residual,
               "hidden_degrees": hidden_degrees, "layers": exported}
    if residual:
        network["activation_before_output"] = activation_before_output
    return network


def normal_log_prob(z):
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(-1)


def relative(a, b):
    """The largest difference, relative where the reference exceeds 1."""
    return float(((a.double() - b).abs() / b.abs().clamp(min=1)).max())


def flow_case(source, layers, module, forward, inverse, features, context_features=0, x=None, z_given=None,
              inverse_tolerance=1e-11):
    """Evaluates a flow in float64, checks its own round trip, and notes what float32 does to the peer itself.

    module: holds the parameters, or None. forward(module, x, context) -> z, log|det|; inverse(module, z, context) -> x.
    """
    x = rows_of(features) if x is None else x
    z_given = rows_of(features) if z_given is None else z_given
    context = rows_of(context_features, len(x)) if context_features else None
    with torch.no_grad():
        z, log_abs_det = forward(module, x, context)
        x_of_z = inverse(module, z_given, context)
        back, inverse_det = forward(module, x_of_z, context)
        assert relative(back, z_given) < inverse_tolerance, (source, relative(back, z_given))
        case = {
            "kind": "flow", "source": source, "features": features, "context_features": context_features,
            "layers": layers, "context": None if context is None else plain(context),
            "x": plain(x), "z": plain(z), "log_abs_det": plain(log_abs_det),
            "log_prob": plain(normal_log_prob(z) + log_abs_det),
            "z_given": plain(z_given), "x_of_z": plain(x_of_z), "inverse_log_abs_det": plain(-inverse_det),
        }
        if module is not None:
            torch.set_default_dtype(torch.float32)
            single = copy.deepcopy(module).float()
            narrow = None if context is None else context.float()
            z32, det32 = forward(single, x.float(), narrow)
            case["peer_float32_error"] = {
                "z": relative(z32, z), "log_abs_det": relative(det32, log_abs_det),
                "x_of_z": relative(inverse(single, z_given.float(), narrow), x_of_z)}
            torch.set_default_dtype(torch.float64)
    return case
