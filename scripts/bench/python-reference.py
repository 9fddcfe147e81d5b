"""Times the Python circuit-tracer on a checkpoint of the benchmark.

    python scripts/bench/python-reference.py DIR SETTINGS_JSON

Prints one line of JSON. Without arguments: the versions in use, or what is missing.
"""

import importlib.util
import json
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.filterwarnings("ignore")

PACKAGES = {"circuit_tracer": "circuit-tracer", "transformer_lens": "transformer-lens", "transformers": "transformers"}


def require_packages():
    missing = [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        sys.exit(
            f"The Python reference needs {', '.join(missing)}, not installed for {sys.executable}.\n"
            f"Install it: {sys.executable} -m pip install circuit-tracer. "
            "Or name another Python: --python EXECUTABLE."
        )


def versions():
    packages = {package: version(package) for package in [*PACKAGES.values(), "torch"]}
    return {"python": sys.version.split()[0], **packages}


def transformer_lens_config(config, device):
    """Gemma 2 as TransformerLens sees it; its own table of models has only the published sizes."""
    from transformer_lens import HookedTransformerConfig

    return HookedTransformerConfig(
        model_name="benchmark",
        n_layers=config.num_hidden_layers,
        d_model=config.hidden_size,
        n_ctx=config.max_position_embeddings,
        n_heads=config.num_attention_heads,
        n_key_value_heads=config.num_key_value_heads,
        d_head=config.head_dim,
        rotary_dim=config.head_dim,
        d_mlp=config.intermediate_size,
        d_vocab=config.vocab_size,
        eps=config.rms_norm_eps,
        act_fn=config.hidden_activation,
        attn_scores_soft_cap=config.attn_logit_softcapping,
        output_logits_soft_cap=config.final_logit_softcapping,
        normalization_type="RMS",
        positional_embedding_type="rotary",
        final_rms=True,
        gated_mlp=True,
        use_attn_scale=True,
        use_normalization_before_and_after=True,
        init_weights=False,
        device=device,
    )


def load_transcoders(folder, n_layers, cross_layer, device):
    """Encoders in memory and decoders in their files, as both implementations have them by default."""
    from circuit_tracer.transcoder.cross_layer_transcoder import load_clt
    from circuit_tracer.transcoder.single_layer_transcoder import load_transcoder_set

    import torch

    placement = dict(device=torch.device(device), dtype=torch.float32, lazy_encoder=False, lazy_decoder=True)
    hooks = dict(feature_input_hook="hook_resid_mid", feature_output_hook="hook_mlp_out", scan="benchmark")
    if cross_layer:
        return load_clt(str(folder), **hooks, **placement)
    paths = {layer: str(folder / f"layer_{layer}.safetensors") for layer in range(n_layers)}
    return load_transcoder_set(paths, **hooks, **placement)


def load_model(folder, cross_layer, tokens, device):
    import torch
    from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
    from transformer_lens.pretrained.weight_conversions import convert_gemma_weights
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    # The other kernels of attention leave out Gemma's soft cap of scores.
    original = AutoModelForCausalLM.from_pretrained(
        folder / "model", dtype=torch.float32, attn_implementation="eager"
    )
    config = transformer_lens_config(original.config, device)
    transcoders = load_transcoders(folder / "transcoders", config.n_layers, cross_layer, device)
    model = TransformerLensReplacementModel.from_config(config, transcoders)
    model.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "model")
    weights = {
        name.replace(".mlp.", ".mlp.old_mlp.").replace("unembed.", "unembed.old_unembed."): tensor
        for name, tensor in convert_gemma_weights(original, config).items()
    }
    # Not strict: masks and biases that are zero aren't in the checkpoint. What matters is checked by the logits.
    model.load_state_dict(weights, strict=False)
    model.to(device)
    with torch.no_grad():
        expected = original(tokens[None]).logits
        difference = (model(tokens[None].to(device)).cpu() - expected).abs().max() / expected.abs().max()
    if not difference < 1e-4:
        sys.exit(f"The Python reference has loaded another model: logits differ by {difference:.1g} of the largest.")
    return model


def peak_mib():
    """Of this process alone, as scripts/own-peak.js has it."""
    if sys.platform != "linux":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def measure(folder, settings):
    import torch
    from circuit_tracer.attribution.attribute import attribute

    device = settings["device"]
    tokens = torch.tensor(json.loads((folder / "tokens.json").read_text()))
    start = time.perf_counter()
    model = load_model(folder, settings["size"]["crossLayer"], tokens, device)
    loaded = time.perf_counter()
    graph = attribute(
        tokens, model, batch_size=settings["batchSize"], max_feature_nodes=settings.get("maxFeatureNodes")
    )
    result = {
        "loadSeconds": loaded - start,
        "seconds": time.perf_counter() - loaded,
        "active": len(graph.active_features),
        "rows": len(graph.selected_features),
        "threads": torch.get_num_threads(),
        "peakMiB": peak_mib(),
    }
    if device != "cpu":
        result["peakDeviceMiB"] = torch.cuda.max_memory_allocated(device) // 2**20
    return result


if __name__ == "__main__":
    require_packages()
    arguments = sys.argv[1:]
    print(json.dumps(measure(Path(arguments[0]), json.loads(arguments[1])) if arguments else versions()))
