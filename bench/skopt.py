"""scikit-optimize on the job of `suggestLr`: observe the tenth LR, suggest the eleventh.

Reads the space and ten observations as JSON from stdin, writes the median time of tell and ask in
milliseconds as JSON to stdout. bench/core.js runs it. The optimizer is set up as released AutoLRS
does: a GP with the library's default Matern 5/2 kernel over log LR, and the lower confidence
bound.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings


def main() -> None:
    # The script's own folder leads sys.path, and this file is called skopt too.
    sys.path.pop(0)
    import skopt
    from skopt import Optimizer
    from skopt.space import Real

    warnings.simplefilter("ignore")
    task = json.load(sys.stdin)
    *before, last = task["observations"]
    times = []
    for seed in range(25):
        optimizer = Optimizer(
            [Real(task["minLr"], task["maxLr"], "log-uniform")],
            "GP",
            n_initial_points=1,
            acq_func="LCB",
            acq_func_kwargs={"kappa": 1000},
            random_state=seed,
        )
        optimizer.tell([[o["lr"]] for o in before], [o["loss"] for o in before])
        start = time.perf_counter()
        optimizer.tell([last["lr"]], last["loss"])
        optimizer.ask()
        times.append(1000 * (time.perf_counter() - start))
    # The first five warm up imports and caches.
    result = {"version": skopt.__version__, "medianMs": statistics.median(times[5:])}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
