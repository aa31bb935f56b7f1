"""A trainer that speaks the wire (docs/reference/protocol.md) with the standard library alone.

`python regression.py` trains as it is, `autolrs run -- python regression.py` under the tuner.
It fits a line to noisy points of which there is no end: the step says which ones are next, so
that after a restore the same ones come again. Four numbers are all that a checkpoint holds, so
all of them are files; a larger model would keep those without `path` in memory, by their `id`.
"""

import json
import math
import os
import sys
import time

TOTAL = 2000
model = {"step": 0, "lr": 0.1, "slope": 0.0, "offset": 0.0}


def evaluate(first, count):
    loss = by_slope = by_offset = 0.0
    for k in range(first, first + count):
        x, noise = k * k * 7 % 2003 / 1001 - 1, k * k * 11 % 3001 / 1500 - 1
        error = model["slope"] * x + model["offset"] - (3 * x - 1 + noise)
        loss += error * error / count
        by_slope += 2 * error * x / count
        by_offset += 2 * error / count
    return loss if math.isfinite(loss) else None, by_slope, by_offset


def train_step(lr):
    loss, by_slope, by_offset = evaluate(16 * model["step"], 16)
    slope, offset = model["slope"] - lr * by_slope, model["offset"] - lr * by_offset
    model.update(step=model["step"] + 1, lr=lr, slope=slope, offset=offset)
    return loss


def validate():
    return evaluate(1_000_000, 500)[0]


# From here on it is the wire.


class Refusal(Exception):
    """An answer that is an error: its code, and why."""


def train(steps, lr, halt=math.inf, **_):
    lrs, losses = lr if isinstance(lr, list) else [lr] * steps, []
    if len(lrs) != steps:
        raise Refusal(-32602, f'"lr" must be a number, or {steps} of them')
    end, smoothed, weight = {}, 0.0, 0.0
    while len(losses) < steps and not end:
        loss = train_step(lrs[len(losses)])
        losses.append(loss)
        smoothed, weight = 0.9 * smoothed + 0.1 * (loss or 0.0), 0.9 * weight + 0.1
        if loss is None or smoothed / weight > halt:
            end = {"end": "diverged" if loss is None else "halt"}
    return {"steps": len(losses), "losses": losses, **end}


def save(path):
    with open(f"{path}.tmp", "w") as file:
        json.dump(model, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.tmp", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)  # the new name has to last as well
    os.close(folder)


def restore(path):
    if not os.path.exists(path):
        raise Refusal(-32001, f"there is no checkpoint {path}")
    with open(path) as file:
        model.update(json.load(file))


def discard(path):
    if os.path.exists(path):
        os.remove(path)


def answer(method, params):
    if method == "initialize":
        about = {"protocol": 1, "trainer": {"name": "regression.py"}, "total": TOTAL}
        can = {"validate": True, "disk": True, "memory": False, "rewind": True}
        return {**about, "can": can, "groups": [1], "world": 1, "holds": ["slope", "offset"]}
    if method == "train":
        return train(**params)
    if method == "validate":
        return {"loss": validate()}
    if method in ("save", "restore", "discard"):
        if "path" not in params:
            raise Refusal(-32002, "checkpoints are kept in files alone")
        {"save": save, "restore": restore, "discard": discard}[method](params["path"])
        return {"id": params["id"]}
    if method == "shutdown":
        return {}
    raise Refusal(-32601, f"there is no method {method}")


def reply_to(method, params):
    began = time.monotonic()
    try:
        result = answer(method, params)
    except Refusal as refusal:
        code, message = refusal.args
    except (OSError, ValueError) as error:
        code, message = -32004, str(error)
    except (KeyError, TypeError) as error:
        code, message = -32602, repr(error)
    else:  # a result may tell more than is asked of it
        now = {"step": model["step"], "lr": model["lr"], "seconds": time.monotonic() - began}
        return {"result": {**result, **now}}
    return {"error": {"code": code, "message": message}}


def serve():
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "id" not in request:  # a notification: there is nothing to do
            continue
        reply = reply_to(request["method"], request.get("params", {}))
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **reply}), flush=True)
        if request["method"] == "shutdown":
            return
    sys.exit("regression.py: the tuner is gone without a shutdown")


if os.environ.get("AUTOLRS") == "1":
    serve()
else:
    while model["step"] < TOTAL:
        train_step(model["lr"])
print("validation loss", validate())
