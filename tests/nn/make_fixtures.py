"""Write fixtures/*.json: what PyTorch gives, in float64, for what nn must give.

Run it where torch is installed: ``python tests/nn/make_fixtures.py`` writes all, with names those
sections alone. A section is a function that returns its cases; the tests read a section a case a
time. Inputs are drawn by NumPy from fixed seeds, and stand in the cases.
"""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

FOLDER = Path(__file__).parent / "fixtures"
SECTIONS = {}


def section(make):
    """What ``make()`` returns, a list of dicts, is one file."""
    SECTIONS[make.__name__] = make
    return make


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def every(**choices):
    """Each combination of the choices, as keyword arguments."""
    return [dict(zip(choices, chosen)) for chosen in itertools.product(*choices.values())]


# ------------------------------------------------------------------ optimizers
STEPS, START = 30, [0.5, 0.3]  # no path comes near 0, where digits would be lost


def height(a, b):
    """A bowl with ripples, so that no path runs away; the test has the same formula."""
    return (a - 3.0) ** 2 + 10.0 * (b + 1.0) ** 2 + torch.sin(a * b)


def path(name, schedule=None, learning_rate=0.02, **options):
    parameters = [tensor(x) for x in START]
    optimizer = getattr(torch.optim, name)(parameters, lr=learning_rate, **options)
    scheduler = schedule(optimizer) if schedule else None
    numbers = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        height(*parameters).backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
        numbers.append([p.item() for p in parameters])
    return numbers


@section
def optimizers():
    decays, adams = [0.0, 0.1], [(0.9, 0.999), (0.8, 0.95), (0.3, 0.0)]
    choices = [
        *[("SGD", o) for o in every(momentum=[0.0, 0.9], weight_decay=decays)],
        *[("SGD", o) for o in every(momentum=[0.9], nesterov=[True], weight_decay=decays)],
        *[("Adam", o) for o in every(betas=adams, eps=[1e-8, 1e-2], weight_decay=decays)],
        *[("AdamW", o) for o in every(betas=adams, eps=[1e-8, 1e-2], weight_decay=decays)],
        *[("RMSprop", o) for o in every(
            alpha=[0.99, 0.5], eps=[1e-8, 1e-2], momentum=[0.0, 0.7], weight_decay=decays
        )],
        *[("Adagrad", o) for o in every(eps=[1e-10, 1e-2], weight_decay=decays)],
        *[(name, {}) for name in ("Adam", "AdamW", "RMSprop", "Adagrad")],  # the defaults
    ]  # fmt: skip
    return [{"name": n, "options": o, "start": START, "path": path(n, **o)} for n, o in choices]


@section
def optimizers_on_schedules():
    """The rate of each step is the schedule's, momentum or not."""
    choices = [
        ("SGD", {"momentum": 0.9}, "cosine", [0.02, STEPS]), ("RMSprop", {}, "step", [0.02, 7]),
        ("Adam", {}, "one_cycle", [0.2, STEPS]), ("AdamW", {}, "exponential", [0.05, 0.9]),
    ]  # fmt: skip
    return [
        {"name": name, "options": options, "schedule": schedule, "arguments": given,
         "start": START, "path": path(name, SCHEDULES[schedule](*given), given[0], **options)}
        for name, options, schedule, given in choices
    ]  # fmt: skip


# ------------------------------------------------------------------ schedules
rates = torch.optim.lr_scheduler


def warmup_cosine(learning_rate, warmup, steps, end=0.0):
    return lambda optimizer: rates.SequentialLR(
        optimizer,
        [
            rates.LinearLR(optimizer, 1.0 / warmup, 1.0, total_iters=warmup - 1),
            rates.CosineAnnealingLR(optimizer, steps - warmup, eta_min=end),
        ],
        [warmup],
    )


SCHEDULES = {
    "cosine": lambda rate, steps, end=0.0: (
        lambda o: rates.CosineAnnealingLR(o, steps, eta_min=end)
    ),
    "warmup_cosine": warmup_cosine,
    "step": lambda rate, every, factor=0.1: lambda o: rates.StepLR(o, every, factor),
    "exponential": lambda rate, factor: lambda o: rates.ExponentialLR(o, factor),
    "one_cycle": lambda rate, steps: (
        lambda o: rates.OneCycleLR(o, rate, total_steps=steps, cycle_momentum=False)
    ),
}


def seen(schedule, rate, count):
    optimizer = torch.optim.SGD([tensor(0.0)], lr=rate)
    scheduler, found = schedule(optimizer), []
    for k in range(count):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if k + 1 < count:
            scheduler.step()
    return found


@section
def schedules():
    choices = [
        ("cosine", [0.4, 10], 11), ("cosine", [0.4, 7, 0.1], 8), ("cosine", [0.1, 1], 2),
        ("cosine", [0.1, 5, 0.3], 6), ("warmup_cosine", [0.4, 4, 12], 13),
        ("warmup_cosine", [0.3, 2, 9, 0.05], 10), ("step", [0.4, 4], 13),
        ("step", [0.4, 3, 0.5], 13), ("step", [0.4, 1, 1.5], 5), ("exponential", [0.4, 0.9], 30),
        ("one_cycle", [0.5, 20], 20), ("one_cycle", [0.5, 10], 10), ("one_cycle", [0.1, 7], 7),
        ("one_cycle", [0.1, 4], 4), ("one_cycle", [0.1, 2], 2), ("one_cycle", [0.1, 1], 1),
    ]  # fmt: skip
    return [
        {"name": name, "arguments": arguments,
         "rates": seen(SCHEDULES[name](*arguments), arguments[0], count)}
        for name, arguments, count in choices
    ]  # fmt: skip


# ------------------------------------------------------------------ clipping
@section
def clipping():
    found = []
    for slopes in ([3.0, 4.0, 0.0], [1e-3, -2e-3], [1e150, -1e150], [0.0, 0.0]):
        for norm in (1e-4, 1.0, 5.0, 5.000001, 1e3, float("inf")):
            parameters = [tensor(0.0) for _ in slopes]
            for parameter, slope in zip(parameters, slopes):
                parameter.grad = torch.tensor(slope, dtype=torch.float64)
            length = torch.nn.utils.clip_grad_norm_(parameters, norm).item()
            clipped = [p.grad.item() for p in parameters]
            found.append({"slopes": slopes, "norm": norm, "length": length, "clipped": clipped})
    return found


# ------------------------------------------------------------------ losses
def hinge(p, t, reduction):
    """PyTorch has none of this form."""
    each = torch.clamp(1.0 - t * p, min=0.0)
    return each if reduction == "none" else getattr(torch, reduction)(each)


LOSSES = {  # PyTorch's function, how predictions and targets are drawn, options
    "mse": (functional.mse_loss, "any", "any", [{}]),
    "mae": (functional.l1_loss, "any", "any", [{}]),
    "huber": (functional.huber_loss, "any", "any", [{}, {"delta": 0.3}, {"delta": 2.5}]),
    "hinge": (hinge, "any", "sign", [{}]),
    "binary_cross_entropy": (functional.binary_cross_entropy, "chance", "chance", [{}]),
    "binary_cross_entropy_with_logits": (
        functional.binary_cross_entropy_with_logits, "wide", "chance", [{}],
    ),
    "cross_entropy": (functional.cross_entropy, "wide", "classes", [{}]),
    "kl_divergence": (functional.kl_div, "logarithms", "distribution", [{}]),
}  # fmt: skip


def draw(kind, rng, shape):
    if kind == "classes":
        return rng.integers(shape[-1], size=shape[:-1]).tolist()
    chances = rng.dirichlet(np.ones(shape[-1] if shape else 1), size=shape[:-1])
    return {
        "any": lambda: 2.0 * rng.normal(size=shape),
        "wide": lambda: 20.0 * rng.normal(size=shape),
        "chance": lambda: rng.uniform(0.02, 0.98, size=shape),
        "sign": lambda: rng.choice([-1.0, 1.0], size=shape),
        "distribution": lambda: chances,
        "logarithms": lambda: np.log(chances),
    }[kind]().tolist()


def judged(name, options, shape, reduction, kinds, rng):
    predictions, targets = (draw(kind, rng, shape) for kind in kinds)
    given, theirs = tensor(predictions), LOSSES[name][0]
    wanted = torch.tensor(targets) if "classes" in kinds else tensor(targets).detach()
    if name == "kl_divergence":
        each = theirs(given, wanted, reduction="none").sum(-1)  # its "batchmean" is their mean
        loss = each if reduction == "none" else getattr(torch, reduction)(each)
    else:
        loss = theirs(given, wanted, reduction=reduction, **options)
    loss.sum().backward()
    return {
        "name": name, "options": options, "reduction": reduction, "predictions": predictions,
        "targets": targets, "loss": loss.tolist(), "slopes": given.grad.tolist(),
    }  # fmt: skip


@section
def losses():
    rng, found = np.random.default_rng(21), []
    for name, (_, drawn, targets, options) in LOSSES.items():
        by_row = name in ("cross_entropy", "kl_divergence")
        shapes = [(4,), (3, 4)] if by_row else [(), (5,), (2, 3)]
        for kind in [targets, "distribution"] if name == "cross_entropy" else [targets]:
            for shape, reduction, chosen in itertools.product(
                shapes, ("mean", "sum", "none"), options
            ):
                found.append(judged(name, chosen, shape, reduction, (drawn, kind), rng))
    return found


# ------------------------------------------------------------------ layers
@section
def layer_norms():
    """The rows' outputs, and the slopes of their sum, each output times its ``weights``."""
    rng, found = np.random.default_rng(22), []
    for n, eps, scale in itertools.product((2, 3, 7), (1e-5, 0.1), (0.01, 1.0, 1000.0)):
        drawn = rng.normal(size=(5, n))
        rows, weight, bias = map(tensor, (scale * drawn[:2], drawn[2], drawn[3]))
        y = functional.layer_norm(rows, (n,), weight, bias, eps)
        (y * torch.tensor(drawn[4])).sum().backward()
        found.append({
            "n": n, "eps": eps, "rows": rows.tolist(), "weight": weight.tolist(),
            "bias": bias.tolist(), "weights": drawn[4].tolist(), "outputs": y.tolist(),
            "slopes": [rows.grad.tolist(), weight.grad.tolist(), bias.grad.tolist()],
        })  # fmt: skip
    return found


NETS = {  # by the name of our activation
    "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid,
    "softplus": torch.nn.Softplus, "silu": torch.nn.SiLU, "gelu": torch.nn.GELU,
    "mish": torch.nn.Mish, "elu": torch.nn.ELU, "selu": torch.nn.SELU,
    "leaky_relu": torch.nn.LeakyReLU, "hardswish": torch.nn.Hardswish, "linear": torch.nn.Identity,
}  # fmt: skip


@section
def trained_layers():
    """Embedding or Linear, activation, LayerNorm, Linear: 20 steps of SGD on batches of 4."""
    rng, found = np.random.default_rng(23), []
    for (name, activation), first in itertools.product(NETS.items(), ("Linear", "Embedding")):
        start = torch.nn.Linear(3, 4) if first == "Linear" else torch.nn.Embedding(5, 4)
        model = torch.nn.Sequential(
            start, activation(), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2)
        ).double()  # fmt: skip
        for p in model.parameters():
            p.data.copy_(torch.tensor(rng.uniform(-1.0, 1.0, size=p.shape)))
        x = rng.normal(size=(4, 3)) if first == "Linear" else rng.integers(5, size=4)
        x, y = torch.tensor(x), torch.tensor(rng.normal(size=(4, 2)))
        case = {"name": name, "first": first, "x": x.tolist(), "y": y.tolist()}
        case["start"] = [p.tolist() for p in model.parameters()]
        optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.05), []
        for _ in range(20):
            optimizer.zero_grad()
            loss = functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        found.append({**case, "losses": losses, "end": [p.tolist() for p in model.parameters()]})
    return found


if __name__ == "__main__":
    for name in sys.argv[1:] or SECTIONS:
        cases = ",\n".join(json.dumps(case) for case in SECTIONS[name]())
        about = f'"made by": "tests/nn/make_fixtures.py, PyTorch {torch.__version__}"'
        (FOLDER / f"{name}.json").write_text(f'{{{about}, "cases": [\n{cases}\n]}}\n')
