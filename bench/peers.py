"""The Python peers of the benchmarks.

`peers.py torch` and `peers.py orbax` read one JSON request a line, and answer with the seconds that the
work took by this process's own clock, so that no start of an interpreter is counted. All saves end
with an fsync of each file and each folder that they made or changed.
"""

import importlib.metadata
import json
import os
import sys
import time


def sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(root):
    """Syncs all files and folders below a folder, it, and the folder it lies in."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            sync(os.path.join(folder, name))
        sync(folder)
    sync(os.path.dirname(root))


def sync_file(path):
    sync(path)
    sync(os.path.dirname(path))


class Torch:
    """`torch.save` and safetensors, from one tensor."""

    def __init__(self):
        import safetensors.torch
        import torch

        self.torch, self.safetensors, self.tensor = torch, safetensors.torch, None

    def make(self, count):
        self.torch.manual_seed(1)
        self.tensor = self.torch.rand(count)

    def save(self, peer, path):
        if peer == "torch":
            self.torch.save({"weights": self.tensor}, path)
        else:
            self.safetensors.save_file({"weights": self.tensor}, path)
        sync_file(path)

    def load(self, peer, path):
        if peer == "torch":
            return self.torch.load(path, weights_only=True)["weights"]
        if peer == "torch, mmap":
            return self.torch.load(path, weights_only=True, mmap=True)["weights"]
        return self.safetensors.load_file(path)["weights"]

    def sum(self, loaded):
        return int(loaded.view(self.torch.int64).sum())


class Orbax:
    """Orbax, from one NumPy array."""

    def __init__(self):
        import numpy
        import orbax.checkpoint

        self.numpy = numpy
        self.checkpointer = orbax.checkpoint.StandardCheckpointer()
        self.array = None

    def make(self, count):
        self.array = self.numpy.random.default_rng(1).random(count, dtype=self.numpy.float32)

    def save(self, _, path):
        self.checkpointer.save(path, {"weights": self.array})
        self.checkpointer.wait_until_finished()
        sync_tree(path)

    def load(self, _, path):
        target = {"weights": self.numpy.empty_like(self.array)}
        return self.checkpointer.restore(path, target)["weights"]

    def sum(self, loaded):
        return int(self.numpy.asarray(loaded).view(self.numpy.int64).sum())


def answer(peers, request):
    if request["do"] == "make":
        peers.make(request["bytes"] // 4)
        return {"seconds": 0}
    started = time.perf_counter()
    if request["do"] == "save":
        peers.save(request["peer"], request["path"])
        return {"seconds": time.perf_counter() - started}
    loaded = peers.load(request["peer"], request["path"])
    ended = time.perf_counter()
    peers.sum(loaded)
    return {"seconds": ended - started, "sumSeconds": time.perf_counter() - ended}


def versions():
    found = ["Python " + sys.version.split()[0]]
    for name in ["torch", "safetensors", "numpy", "jax", "orbax-checkpoint"]:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    print(", ".join(found))


def main():
    if sys.argv[1] == "versions":
        return versions()
    # Libraries print to standard output too: only answers may go there.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peers = Torch() if sys.argv[1] == "torch" else Orbax()
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        try:
            reply = answer(peers, json.loads(line))
        except Exception as error:  # whatever it is, the asker is told
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


main()
