"""A training loop of its own, steered by ask and tell: a small network on handwritten digits.

    python examples/library/own_loop.py

The tuner is started as a child of this script. Nothing but NumPy is needed besides.
"""

import gzip
import pathlib

import numpy

import autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"
BATCH = 32
MOMENTUM = 0.9


def read_digits():
    with gzip.open(DIGITS, "rt") as file:
        rows = numpy.loadtxt(file, delimiter=",", dtype="float32")
    order = numpy.random.default_rng(0).permutation(len(rows))
    images, labels = (rows[order, :-1] - 5) / 6, rows[order, -1].astype(int)
    return (images[:1400], labels[:1400]), (images[1400:], labels[1400:])


class Trainer:
    def __init__(self, train_set, test_set) -> None:
        self.train_set, self.test_set = train_set, test_set
        random = numpy.random.default_rng(1)
        self.weights = [random.normal(0, 0.1, size=(64, 32)), random.normal(0, 0.1, size=(32, 10))]
        self.velocity = [numpy.zeros_like(each) for each in self.weights]
        self.step = 0
        self.checkpoints = {}

    def carry_out(self, request):
        """Does what the tuner asks, and returns what to tell it."""
        if isinstance(request, autolrs.Train):
            losses = []
            for lr in request.lrs:
                losses.append(self.update(lr))
                if not numpy.isfinite(losses[-1]):
                    break  # a trial at too high an LR has diverged
            return autolrs.Trained(losses)
        if isinstance(request, autolrs.Validate):
            loss, _, hits = self.forward(*self.test_set)
            return autolrs.Validated(loss, {"accuracy": hits.mean()})
        if isinstance(request, autolrs.Save):  # all that training changes
            self.checkpoints[request.checkpoint] = self.copy(), self.step
            return autolrs.Saved()
        if isinstance(request, autolrs.Restore):
            (weights, velocity), self.step = self.checkpoints[request.checkpoint]
            self.weights = [each.copy() for each in weights]
            self.velocity = [each.copy() for each in velocity]
            return autolrs.Restored()
        if isinstance(request, autolrs.Discard):
            del self.checkpoints[request.checkpoint]
            return autolrs.Discarded()
        raise NotImplementedError(request)

    def update(self, lr):
        # The batch depends on the step alone, so that a restored model meets it again.
        images, labels = self.train_set
        rows = numpy.random.default_rng(1000 + self.step).integers(len(labels), size=BATCH)
        loss, (hidden, slope), _ = self.forward(images[rows], labels[rows])
        back = (slope @ self.weights[1].T) * (hidden > 0)
        for i, gradient in enumerate([images[rows].T @ back, hidden.T @ slope]):
            self.velocity[i] = MOMENTUM * self.velocity[i] - lr * gradient
            self.weights[i] = self.weights[i] + self.velocity[i]
        self.step += 1
        return loss

    def forward(self, images, labels):
        """The loss; the hidden layer and the loss's slope by each score; which are right."""
        hidden = numpy.maximum(images @ self.weights[0], 0)
        scores = hidden @ self.weights[1]
        scores = scores - scores.max(axis=1, keepdims=True)
        shares = numpy.exp(scores) / numpy.exp(scores).sum(axis=1, keepdims=True)
        every = numpy.arange(len(labels))
        loss = -numpy.log(shares[every, labels] + 1e-12).mean()
        slope = shares.copy()
        slope[every, labels] -= 1
        return loss, (hidden, slope / len(labels)), shares.argmax(axis=1) == labels

    def copy(self):
        return [each.copy() for each in self.weights], [each.copy() for each in self.velocity]


trainer = Trainer(*read_digits())
with autolrs.ask_tell(budget=1000, lr=0.01, can_validate=True) as tuner:
    while (request := tuner.ask()) is not None:
        tuner.tell(trainer.carry_out(request))

loss, _, hits = trainer.forward(*trainer.test_set)
print(f"test: loss {loss:.4f}, accuracy {hits.mean():.4f}")
if tuner.result is not None:  # under `autolrs run` the outer tuner tells of it
    steps = tuner.result["steps"]
    print(f"{steps['committed']} steps committed, {steps['search']} in the search")
