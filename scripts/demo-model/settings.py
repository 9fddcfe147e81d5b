"""What every stage shares: the seed, the sizes and the folders."""

from pathlib import Path

SEED = 7

RECIPE = Path(__file__).resolve().parent
DEMO = RECIPE.parents[1] / "lib" / "demo"
MODEL = DEMO / "model"
PER_LAYER = DEMO / "transcoders"
CROSS_LAYER = DEMO / "cross-layer-transcoders"

N_LAYERS = 4
D_MODEL = 192
D_MLP = 640
N_HEADS = 4
N_KEY_VALUE_HEADS = 2
D_HEAD = 32
CONTEXT = 256

N_FEATURES = 640
