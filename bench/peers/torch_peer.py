"""Eager PyTorch in its fastest plain loop: rows gathered from tensors in memory, no DataLoader.

The loop keeps a running loss but no accuracy, and reads nothing back before the end of the epoch.
"""

from __future__ import annotations

import numpy as np
from common import (
    Chain,
    Convolution,
    Trainer,
    Workload,
    in_batches,
    run,
    shuffled_batches,
    timed_epochs,
)


def build(workload: Workload, x: np.ndarray, y: np.ndarray) -> Trainer:
    import torch

    is_image = len(workload.input_shape) == 3
    model, scale = _make_model(workload)
    optimizer = _make_optimizer(workload, model)
    loss_function = torch.nn.CrossEntropyLoss()
    features, labels = torch.from_numpy(x), torch.from_numpy(y).long()

    def prepare(batch):
        if scale is not None:
            batch = batch.float().mul_(scale)
        # NHWC rows seen as NCHW: PyTorch's channels_last format without a copy.
        return batch.permute(0, 3, 1, 2) if is_image else batch

    def run_epoch() -> None:
        model.train()
        total = torch.zeros(())
        for rows in torch.from_numpy(shuffled_batches(workload)):
            batch = prepare(features.index_select(0, rows))
            loss = loss_function(model(batch), labels.index_select(0, rows))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        total.item()

    def stop_training() -> None:
        if model.training:
            model.eval()

    def predict_batch(inputs: np.ndarray) -> np.ndarray:
        stop_training()
        with torch.inference_mode():
            return model(prepare(torch.from_numpy(inputs))).softmax(dim=1).numpy()

    def evaluate(inputs: np.ndarray, targets: np.ndarray, batch_size: int) -> tuple[float, float]:
        stop_training()
        inputs, targets = torch.from_numpy(inputs), torch.from_numpy(targets).long()
        loss, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        with torch.inference_mode():
            for start in range(0, len(inputs), batch_size):
                rows = slice(start, start + batch_size)
                logits = model(prepare(inputs[rows]))
                loss += loss_function(logits, targets[rows]) * len(logits)
                correct += (logits.argmax(dim=1) == targets[rows]).sum()
        return loss.item() / len(inputs), correct.item() / len(inputs)

    return Trainer(torch.__version__, timed_epochs(run_epoch), in_batches(predict_batch), evaluate)


def _make_model(workload: Workload):
    """Returns the model without its last softmax, which the loss has, and the scale of inputs."""
    from torch import nn

    scale = None
    modules = []
    for name, arguments, shape, _ in workload.layer_shapes():
        if name == "Rescaling":
            scale = arguments["scale"]
        elif name == "Dense":
            modules.append(nn.Linear(shape[-1], arguments["units"]))
        elif name == "Conv2D":
            same = arguments["padding"] == "same"
            padding = arguments["kernel_size"][0] // 2 if same else 0
            size = (shape[-1], arguments["filters"], arguments["kernel_size"])
            modules.append(nn.Conv2d(*size, padding=padding))
        elif name == "MaxPooling2D":
            modules.append(nn.MaxPool2d(arguments["pool_size"]))
        elif name == "SpatialDropout2D":
            modules.append(nn.Dropout2d(arguments["rate"]))
        elif name == "GlobalAveragePooling2D":
            modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        if arguments.get("activation") == "relu":
            modules.append(nn.ReLU(inplace=True))
    return _as_in_keras(nn.Sequential(*modules)), scale


def _as_in_keras(model):
    import torch

    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.xavier_uniform_(parameter)
        else:
            torch.nn.init.zeros_(parameter)
    return model.to(memory_format=torch.channels_last)


def _make_optimizer(workload: Workload, model):
    import torch

    name, arguments = workload.optimizer
    parameters, rate = model.parameters(), arguments["learning_rate"]
    if name == "SGD":
        return torch.optim.SGD(parameters, lr=rate, fused=True)
    if name == "Adam":
        return torch.optim.Adam(parameters, lr=rate, eps=1e-7, fused=True)
    return torch.optim.RMSprop(parameters, lr=rate, alpha=0.9, eps=1e-7)


def convolution(case: Convolution, x: np.ndarray, w: np.ndarray, dy: np.ndarray):
    """Functions for the forward pass and for both gradients; and one for NumPy arrays of results.

    All tensors are in PyTorch's channels_last format, its fastest one here.
    """
    import torch

    x, dy = (torch.from_numpy(a).permute(0, 3, 1, 2) for a in (x, dy))
    w = torch.from_numpy(w).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    strides, padding = [case.stride] * 2, [case.kernel // 2 if case.stride == 1 else 0] * 2

    def forward():
        with torch.inference_mode():
            return (torch.nn.functional.conv2d(x, w, None, strides, padding, 1, case.groups),)

    def gradients():
        return torch.ops.aten.convolution_backward(
            *(dy, x, w, None, strides, padding, [1, 1], False, [0, 0], case.groups),
            [True, True, False],
        )[:2]

    def arrays(tensors):
        axes = [(0, 2, 3, 1), (2, 3, 1, 0)]  # as in Keras
        return [t.permute(a).numpy() for t, a in zip(tensors, axes)]

    return forward, gradients, arrays


def chain(case: Chain, x: np.ndarray, target: np.ndarray):
    """A function that makes a step, and one that returns x."""
    import torch

    x, target = torch.from_numpy(x).requires_grad_(), torch.from_numpy(target)

    def step():
        (case.function(torch, x) - target).square().mean().backward()
        with torch.no_grad():
            x.sub_(x.grad, alpha=case.rate)
        x.grad = None

    return step, lambda: x.detach().numpy()


if __name__ == "__main__":
    run("torch", build, convolution=convolution, chain=chain)
