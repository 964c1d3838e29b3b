#!/usr/bin/env python3
"""Evaluates every case of Tests/Reference/flows.json again in plain numpy, by the conventions of its README alone.

  check_flows.py [FLOWS.json]      needs numpy
Prints the largest difference of each case, relative where a value exceeds 1; exits 1 if one exceeds 1e-10.
"""
import json
import os
import sys

import numpy as np

def array(values):
    """Real numbers in the widest type that the machine has, so that the differences are the file's own errors."""
    values = np.asarray(values)
    return values.astype(np.longdouble) if values.dtype.kind == "f" else values


ACTIVATIONS = {
    "relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, "silu": lambda v: v / (1 + np.exp(-v)),
    "elu": lambda v: np.where(v > 0, v, np.expm1(np.minimum(v, 0))), "softplus": lambda v: np.logaddexp(0, v),
}


def network(net, x, context):
    act = ACTIVATIONS[net["activation"]]
    layers = [(array(layer["weight"]), array(layer["bias"])) for layer in net["layers"]]
    if net["kind"] == "made":
        check_triangular(net, layers)
    h = x if context is None else np.concatenate([context, x], 1)
    if not net.get("residual"):
        for weight, bias in layers[:-1]:
            h = act(h @ weight.T + bias)
    else:
        h = h @ layers[0][0].T + layers[0][1]
        for first, second in zip(layers[1:-1:2], layers[2:-1:2]):
            h = h + act(act(h) @ first[0].T + first[1]) @ second[0].T + second[1]
        h = act(h) if net["activation_before_output"] else h
    return h @ layers[-1][0].T + layers[-1][1]


def check_triangular(net, layers):
    below = [0] * net["context_features"] + list(range(1, net["features"] + 1))
    for degrees, (weight, _) in zip(net["hidden_degrees"], layers):
        assert degrees == sorted(degrees)
        assert not weight[array(degrees)[:, None] < array(below)].any()
        below = degrees
    own = np.arange(net["features"] * net["outputs_per_feature"]) // net["outputs_per_feature"] + 1
    assert not layers[-1][0][own[:, None] <= array(below)].any()


def softmax(v):
    e = np.exp(v - v.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def spline(shape, x, p):
    """One value and P parameters along the last axis: image and log slope."""
    bins, bound = shape["bins"], shape["bound"]
    edges = [bound * (2 * np.concatenate([np.zeros_like(s[..., :1]), np.cumsum(s, -1)], -1) - 1) for s in (
        shape["min_bin"] + (1 - bins * shape["min_bin"]) * softmax(p[..., k * bins:(k + 1) * bins]) for k in (0, 1))]
    offset = np.log(np.exp(1 - shape["min_slope"]) - 1)
    inner = shape["min_slope"] + np.logaddexp(0, p[..., 2 * bins:] + offset)
    end = np.ones(x.shape + (1,))
    slopes = np.concatenate([end, inner, end], -1)
    k = np.clip((x[..., None] >= edges[0]).sum(-1) - 1, 0, bins - 1)
    (x0, x1), (y0, y1), (d0, d1) = ([np.take_along_axis(t, i[..., None], -1)[..., 0] for i in (k, k + 1)]
                                    for t in (*edges, slopes))
    inside = np.abs(x) <= bound
    t = np.where(inside, (x - x0) / (x1 - x0), 0)
    s = (y1 - y0) / (x1 - x0)
    denominator = s + (d0 + d1 - 2 * s) * t * (1 - t)
    y = y0 + (y1 - y0) * (s * t * t + d0 * t * (1 - t)) / denominator
    slope = s * s * (d1 * t * t + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2) / denominator ** 2
    return np.where(inside, y, x), np.where(inside, np.log(slope), 0)


def transform(shape, x, parameters):
    p = parameters.reshape(x.shape + (-1,))
    if shape["type"] == "spline":
        return spline(shape, x, p)
    if shape["type"] == "additive":
        return x + p[..., 0], np.zeros_like(x)
    log_scale = p[..., 1] / (1 + np.abs(p[..., 1]) / shape["log_scale_bound"])
    return x * np.exp(log_scale) + p[..., 0], log_scale


def layer_forward(layer, x, context):
    kind, a = layer["type"], {k: array(v) for k, v in layer.items() if k not in ("network", "transformer", "type")}
    if kind == "autoregressive":
        order, z = a["order"], np.empty_like(x)
        z[:, order], log_slopes = transform(layer["transformer"], x[:, order], network(layer["network"], x[:, order],
                                                                                       context))
        return z, log_slopes.sum(1)
    if kind == "coupling":
        moved, z = a["is_transformed"], x.copy()
        z[:, moved], log_slopes = transform(layer["transformer"], x[:, moved], network(layer["network"], x[:, ~moved],
                                                                                       context))
        return z, log_slopes.sum(1)
    if kind == "permutation":
        return x[:, a["order"]], 0
    if kind == "lu":
        return x @ (a["lower"] @ a["upper"]).T + a["bias"], np.log(np.abs(np.diag(a["upper"]))).sum()
    if kind == "batch_norm":
        scale = a["weight"] / np.sqrt(a["variance"] + a["epsilon"])
        return (x - a["mean"]) * scale + a["bias"], np.log(scale).sum()
    if kind == "act_norm":
        return x * np.exp(a["log_scale"]) + a["shift"], a["log_scale"].sum()
    if kind == "logit":
        return np.log(x) - np.log1p(-x), -(np.log(x) + np.log1p(-x)).sum(1)
    if kind == "planar":
        t = np.tanh(x @ a["w"] + a["b"])
        return x + a["u"] * t[:, None], np.log1p((1 - t * t) * (a["w"] @ a["u"]))
    if kind == "radial":
        offset = x - a["center"]
        r = np.linalg.norm(offset, axis=1)
        h = a["beta"] / (a["alpha"] + r)
        slope = h - a["beta"] * r / (a["alpha"] + r) ** 2
        return x + h[:, None] * offset, (x.shape[1] - 1) * np.log1p(h) + np.log1p(slope)
    raise ValueError(kind)


def flow_forward(case, x):
    context = None if case["context"] is None else array(case["context"])
    total = np.zeros(len(x))
    for layer in case["layers"]:
        x, log_abs_det = layer_forward(layer, x, context)
        total = total + log_abs_det
    return x, total


def differences(case):
    a = {k: array(v) for k, v in case.items() if k not in ("layers", "curves", "hidden_degrees")}
    if case["kind"] == "made":
        yield network(case, a["x"], None if case["context"] is None else a["context"]), a["output"]
    elif case["kind"] == "spline":
        for curve in case["curves"]:
            p = array(curve["parameters"])
            directions = ("x", "y", "log_slope", 1), ("x_of_y", "y_given", "inverse_log_slope", -1)
            for given, image, log_slope, sign in directions:
                x = array(curve[given])
                y, log_slopes = spline(curve["transformer"], x, np.broadcast_to(p, x.shape + p.shape))
                yield y, array(curve[image])
                yield sign * log_slopes, array(curve[log_slope])
    else:
        z, log_abs_det = flow_forward(case, a["x"])
        yield z, a["z"]
        yield log_abs_det, a["log_abs_det"]
        yield log_abs_det - 0.5 * (z * z + np.log(2 * np.pi)).sum(1), a["log_prob"]
        z, log_abs_det = flow_forward(case, a["x_of_z"])
        yield z, a["z_given"]
        yield -log_abs_det, a["inverse_log_abs_det"]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Reference/flows.json")
    with open(path) as file:
        cases = json.load(file)["cases"]
    worst = 0.0
    for name, case in cases.items():
        error = max((np.abs(a - b) / np.maximum(np.abs(b), 1)).max() for a, b in differences(case))
        print(f"{name:34}{error:.1e}")
        worst = max(worst, error) if np.isfinite(error) else np.inf
    sys.exit(int(not worst < 1e-10))


if __name__ == "__main__":
    main()
