"""Train four of the book's networks in plain PyTorch; started by `benchmarks.pytorch`.

    .venv-pytorch/bin/python -m benchmarks.torch_side folder

The folder holds what both sides share: images, their order in each epoch, starting weights, and
the recipe. This module imports nothing of the book, because its environment has PyTorch alone.

The loop is what PyTorch's tutorials teach. It takes batches from the data in memory by indexing the
tensor of all images, or (`way` = "loader") by a `DataLoader`, which fetches images one by one.
"""

import json
import math
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader, TensorDataset


def simple():
    return nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 784))


def deep():
    sizes = [784, 128, 64, 32, 64, 128]
    hidden = [
        part
        for a, b in zip(sizes[:-1], sizes[1:], strict=True)
        for part in (nn.Linear(a, b), nn.ReLU())
    ]
    return nn.Sequential(*hidden, nn.Linear(128, 784))


def conv():
    def block(inputs, filters, padding=1):
        return nn.Conv2d(inputs, filters, 3, padding=padding), nn.ReLU()

    def half():
        return nn.MaxPool2d(2, ceil_mode=True)

    def double():
        return nn.Upsample(scale_factor=2)

    return nn.Sequential(
        *(*block(1, 16), half(), *block(16, 8), half(), *block(8, 8), half()),
        *(*block(8, 8), double(), *block(8, 8), double(), *block(8, 16, padding=0), double()),
        nn.Conv2d(16, 1, 3, padding=1),
    )


class VAE(nn.Module):
    """784-400-200-20 and back."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 200), nn.ReLU())
        self.mean, self.log_var = nn.Linear(200, 20), nn.Linear(200, 20)
        self.decoder = nn.Sequential(
            *(nn.Linear(20, 200), nn.ReLU(), nn.Linear(200, 400), nn.ReLU()),
            nn.Linear(400, 784),
        )

    def forward(self, x):
        h = self.encoder(x)
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean
        if self.training:
            z = mean + torch.exp(log_var / 2) * torch.randn_like(mean)
        return self.decoder(z), mean, log_var


NETWORKS = {"simple": simple, "deep": deep, "conv": conv, "vae_20d": VAE}


def loss_of(model, x):
    """Return the loss of a batch: BCE per pixel, or the VAE's nats per image."""
    if not isinstance(model, VAE):
        return binary_cross_entropy_with_logits(model(x), x)
    logits, mean, log_var = model(x)
    lost = binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = (mean**2 + log_var.exp() - 1 - log_var).sum() / 2
    return (lost + kl) / len(x)


def rate(cosine, step):
    """Return the book's learning rate: it may rise in a line, then falls along half a cosine."""
    rise, most = cosine["warmup_steps"], cosine["warmup_target"] or cosine["initial_learning_rate"]
    if cosine["warmup_target"] and step < rise:
        return most * step / rise
    done = min(step - (rise if cosine["warmup_target"] else 0), cosine["decay_steps"])
    return most * (1 + math.cos(math.pi * done / cosine["decay_steps"])) / 2


def put(model, weights):
    """Give the model weights from Keras: there, the outputs are the last axis."""
    with torch.no_grad():
        for own, given in zip(model.parameters(), weights, strict=True):
            axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[given.ndim]
            own.copy_(torch.from_numpy(given.transpose(axes).copy()))


class Order(torch.utils.data.Sampler):
    """The order of an epoch, for a `DataLoader`."""

    order = ()

    def __iter__(self):
        return iter(self.order)

    def __len__(self):
        return len(self.order)


def train(model, images, orders, task):
    """Train; return the seconds from the first step to the end of each epoch, and its loss."""
    adam = torch.optim.Adam(model.parameters(), lr=1.0, eps=task["epsilon"], fused=task["fused"])
    falls = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: rate(task["cosine"], step))
    batch, sampler = task["batch"], Order()
    loader = DataLoader(TensorDataset(images), batch_size=batch, sampler=sampler)
    seconds, losses = [], []
    # On one thread the processor's time, so that other work on the machine does not count.
    now = time.process_time if task["threads"] == 1 else time.perf_counter
    model.train()
    for order in orders:
        start, total = now(), 0.0
        if task["way"] == "loader":
            sampler.order = order.tolist()
            batches = (x for (x,) in loader)
        else:
            batches = (images[part] for part in torch.from_numpy(order).split(batch))
        for x in batches:
            if task["steps"]:  # Keras adds epsilon before it corrects the second moment
                corrected = math.sqrt(1 - 0.999 ** (falls.last_epoch + 1))
                adam.param_groups[0]["eps"] = task["epsilon"] / corrected
            adam.zero_grad()
            loss = loss_of(model, x)
            loss.backward()
            adam.step()
            falls.step()
            total += loss.item() * len(x)
        seconds.append(now() - start + (seconds[-1] if seconds else 0))
        losses.append(total / len(order))
    return seconds, losses


def reconstruct(model, images):
    """Return the network's reconstructions."""
    model.eval()
    with torch.no_grad():
        drawn = [model(part) for part in images.split(1000)]
    drawn = [part[0] if isinstance(part, tuple) else part for part in drawn]
    return torch.sigmoid(torch.cat(drawn)).numpy()


def main():
    folder = Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    torch.set_num_threads(task["threads"])
    torch.manual_seed(0)
    model = NETWORKS[task["network"]]()
    arrays = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    put(model, [arrays[f"weights_{i}"] for i in range(task["weights"])])
    shape = (-1, 1, 28, 28) if task["network"] == "conv" else (-1, 784)
    train_images, test = (
        torch.from_numpy(arrays[name].reshape(shape)) for name in ("train", "test")
    )
    if task["channels_last"]:
        model = model.to(memory_format=torch.channels_last)
        train_images = train_images.contiguous(memory_format=torch.channels_last)
    noise = map(torch.from_numpy, arrays["noise"]) if "noise" in arrays else None
    with mock.patch("torch.randn_like", lambda _: next(noise)) if noise else mock.MagicMock():
        seconds, losses = train(model, train_images, arrays["orders"], task)
    np.save(folder / "reconstructed.npy", reconstruct(model, test).reshape(-1, 28, 28))
    version = dict(zip(("major", "minor"), map(int, torch.__version__.split(".")[:2]), strict=True))
    print(json.dumps({"seconds": seconds, "train": losses, "version": version}))


if __name__ == "__main__":
    main()
