"""
Builds seeded tiny models of the families in many variations of their config.json, and runs them with transformers:

    python make_models.py OUT [FAMILY ...] && node compare.js OUT

The small models kept in test/integration/parity/configs are those of transformers 5.18 and `python make_models.py OUT --frozen`.

For each variation OUT/<family>/<number> gets config.json, model.safetensors, and expected.safetensors with the residual stream
before and after every layer and the logits, or error.txt where transformers can't load or run it. Needs torch,
transformers (4.57 or 5) and safetensors.
"""

import hashlib
import json
import logging
import re
import shutil
import sys
from pathlib import Path

import torch
import transformers
from bases import BASES, GONE
from frozen import FROZEN, FROZEN_BASES
from safetensors.torch import load_file, save_file
from variations import variations

transformers.utils.logging.set_verbosity(logging.CRITICAL)
FREEZE = "--frozen" in sys.argv
TOKENS = torch.randint(0, 17 if FREEZE else 61, (1, 13 if FREEZE else 23), generator=torch.Generator().manual_seed(5))
EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embed_in.weight")
HEADS = ("lm_head.weight", "embed_out.weight")


def numbers(name, shape, gemma):
    """Drawn by the tensor's own name, so that variations share what they can."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    if name.endswith(EMBEDDINGS):
        return drawn * (0.3 if gemma else 1.0)
    if "norm" in name or ".ln_" in name:
        return drawn * 0.2 + (0.0 if gemma or name.endswith("bias") else 1.0)
    if name.endswith("bias") or "sinks" in name or len(shape) == 1:
        return drawn * 0.3
    # [in, out] in GPT-2's Conv1D and in experts, [out, in] elsewhere.
    fan_in = shape[-2] if ".c_" in name or "experts" in name else shape[-1]
    return drawn * 1.5 / fan_in**0.5


def full_config(family, keys, more):
    config = dict((FROZEN_BASES if FREEZE else BASES)[family], **keys)
    if "outer" not in more:
        return without_gone(config)
    vision = dict(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=4, patch_size=2
    )
    outer = dict(model_type="gemma3", text_config=without_gone(config), vision_config=vision, mm_tokens_per_image=4)
    return without_gone(dict(outer, image_token_index=60, boi_token_index=59, eoi_token_index=58, **more["outer"]))


def without_gone(config):
    return {key: value for key, value in config.items() if value is not GONE and value != GONE}


def store(folder, config, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors", {"format": "pt"}
    )


def tensors_of(config, head):
    """All weights of the model that transformers makes of the config, with embedding and head stored as asked for."""
    read = transformers.AutoConfig.for_model(**config) if config["model_type"] != "mistral" else mistral_config(config)
    model = transformers.AutoModelForCausalLM.from_config(read)
    gemma = config["model_type"].startswith("gemma")
    text = {name: tensor for name, tensor in model.state_dict().items() if not re.search("vision|projector", name)}
    tensors = {name: numbers(name, tensor.shape, gemma) for name, tensor in text.items() if tensor.is_floating_point()}
    embedding = next(name for name in tensors if name.endswith(EMBEDDINGS))
    unembedding = next(name for name in tensors if name.endswith(HEADS))
    if head in ("tied", "missing"):
        del tensors[unembedding]
    elif head == "equal":
        tensors[unembedding] = tensors[embedding].clone()
    elif head == "alone":
        del tensors[embedding]
    return tensors


def mistral_config(config):
    """As AutoConfig.from_pretrained, which takes a list of layer types for another class."""
    kind = "ministral" if "layer_types" in config else "mistral"
    return transformers.AutoConfig.for_model(**dict(config, model_type=kind))


def stack_of_layers(model):
    names = ("transformer.h", "gpt_neox.layers", "model.language_model.layers", "model.layers")
    modules = dict(model.named_modules())
    return next(modules[name] for name in names if name in modules)


def run(folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    layers, residuals = stack_of_layers(model.eval()), []
    first = lambda value: value[0] if isinstance(value, tuple) else value
    layers[0].register_forward_pre_hook(lambda _, args: residuals.append(first(args)[0].clone()))
    for layer in layers:
        layer.register_forward_hook(lambda _, args, out: residuals.append(first(out).reshape(args[0].shape)[0].clone()))
    with torch.no_grad():
        logits = model(input_ids=TOKENS, use_cache=False).logits[0]
    return dict(residuals=torch.stack(residuals), logits=logits.contiguous())


def expected(folder, config, head):
    """What this package wants: transformers' numbers, but for a missing head, which transformers draws at random."""
    tie = tied_by(config)
    if head not in ("missing", "tied") or tie:
        return run(folder)
    tensors = load_file(folder / "model.safetensors")
    tied = folder / "tied"
    store(tied, dict(config, tie_word_embeddings=True), tensors)
    result = run(tied)
    shutil.rmtree(tied)
    return result


def tied_by(config):
    """By config.json, else by the configuration class."""
    standard = transformers.AutoConfig.for_model(config["model_type"]).tie_word_embeddings
    return config.get("tie_word_embeddings", standard)


def default_head(config):
    return "tied" if tied_by(config) else "stored"


def make(folder, family, name, keys, more):
    config = full_config(family, keys, more)
    head = more.get("head") or default_head(config)
    note = dict(
        name=name,
        family=family,
        newer=more.get("newer"),
        tokens=TOKENS[0].tolist(),
        transformers=transformers.__version__,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.json").write_text(json.dumps(note) + "\n")
    try:
        tensors = tensors_of(json.loads(json.dumps(config)), head)
    except Exception as error:
        # This package must refuse it too, or run it; it gets the weights of the unchanged model.
        store(folder, config, tensors_of(dict(BASES[family]), default_head(BASES[family])))
        (folder / "error.txt").write_text(f"{type(error).__name__}: {error}")
        return
    store(folder, config, tensors)
    try:
        save_file(expected(folder, config, head), folder / "expected.safetensors")
    except Exception as error:
        (folder / "error.txt").write_text(f"{type(error).__name__}: {error}")


def main():
    out, *families = [argument for argument in sys.argv[1:] if argument != "--frozen"]
    for family in families or BASES:
        for i, (name, keys, more) in enumerate(FROZEN[family] if FREEZE else variations(family)):
            folder = re.sub(r"\W+", "-", name) if FREEZE else f"{i:03}"
            make(Path(out) / family / folder, family, name, keys, more)
        print(f"{family}: {i + 1} variations, transformers {transformers.__version__}", flush=True)


main()
