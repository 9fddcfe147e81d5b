"""
The whole recipe, in order: `python make.py`, or from a stage on: `python make.py --from harvest_text`. The package must be built:
its own `harvest` makes the examples of features.
"""

import argparse
import importlib
import subprocess
import sys
import time

from settings import RECIPE

STAGES = ("make_tokenizer", "train_model", "train_transcoders", "harvest_text", "harvest", "label", "evaluate")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", choices=STAGES, default=STAGES[0])
    first = parser.parse_args().first
    sys.argv[1:] = []
    for stage in STAGES[STAGES.index(first) :]:
        begin = time.time()
        print(f"== {stage}", flush=True)
        if stage == "harvest":
            subprocess.run(["node", RECIPE / "harvest.js"], check=True)
        else:
            importlib.import_module(stage).main()
        print(f"== {stage} took {time.time() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
