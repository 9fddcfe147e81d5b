"""JumpReLU transcoders of all layers: each reads the residual stream before its MLP and writes MLP outputs."""

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from model import normalized
from settings import CROSS_LAYER, D_MODEL, N_FEATURES, N_LAYERS, PER_LAYER

HOOKS = {"perLayer": "ln2.hook_normalized", "crossLayer": "hook_resid_mid"}
KINDS = {"perLayer": "transcoder_set", "crossLayer": "cross_layer_transcoder"}
FOLDERS = {"perLayer": PER_LAYER, "crossLayer": CROSS_LAYER}
# The name under which the package opens the set, so that graphs need no path of a folder to say what they were made with.
SCANS = {"perLayer": "demo", "crossLayer": "demo-cross-layer"}


class Transcoders(nn.Module):
    """A feature of layer l writes to layers l .. l + span(l) - 1: one layer per layer, or all that follow."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        spans = [1 if kind == "perLayer" else N_LAYERS - layer for layer in range(N_LAYERS)]
        draw = lambda *shape: nn.Parameter(torch.randn(*shape))
        self.encoder = nn.Parameter(draw(N_LAYERS, N_FEATURES, D_MODEL).data * D_MODEL**-0.5)
        self.encoder_bias = nn.Parameter(torch.zeros(N_LAYERS, N_FEATURES))
        self.decoder = nn.ParameterList(draw(N_FEATURES, span, D_MODEL).data * 0.02 for span in spans)
        self.decoder_bias = nn.Parameter(torch.zeros(N_LAYERS, D_MODEL))
        self.register_buffer("threshold", torch.zeros(N_LAYERS, N_FEATURES))

    def inputs(self, layer, resid_mid):
        return normalized(resid_mid) if self.kind == "perLayer" else resid_mid

    def pre_activations(self, layer, resid_mid):
        """[tokens, D] -> [tokens, F]"""
        return self.inputs(layer, resid_mid) @ self.encoder[layer].T + self.encoder_bias[layer]

    def encode(self, layer, resid_mid):
        pre = self.pre_activations(layer, resid_mid)
        return pre * (pre > self.threshold[layer])

    def sizes(self, layer):
        """[F] how much a feature writes, over all its layers, when its activation is 1."""
        return self.decoder[layer].flatten(1).norm(dim=-1)

    def decode(self, features, layer):
        """Reconstruction of the MLP of one layer; `features` of the layers up to it, [tokens, F] each."""
        out = self.decoder_bias[layer]
        first = layer if self.kind == "perLayer" else 0
        for source in range(first, layer + 1):
            out = out + features[source] @ self.decoder[source][:, layer - source]
        return out

    @torch.no_grad()
    def with_unit_decoders(self):
        """The same function with decoders of length 1, so that activations of all features compare."""
        for layer in range(N_LAYERS):
            size = self.sizes(layer).clamp_min(1e-8)
            self.decoder[layer].data /= size[:, None, None]
            self.encoder.data[layer] *= size[:, None]
            self.encoder_bias.data[layer] *= size
            self.threshold[layer] *= size
        return self


def _layer_tensors(t, layer):
    half = lambda x: x.detach().half().contiguous()
    encoder, bias = half(t.encoder[layer]), half(t.encoder_bias[layer])
    out_bias, threshold, decoder = half(t.decoder_bias[layer]), half(t.threshold[layer]), half(t.decoder[layer])
    if t.kind == "perLayer":
        values = {"W_enc": encoder, "b_enc": bias, "W_dec": half(decoder[:, 0]), "b_dec": out_bias}
        return {f"layer_{layer}": values | {"activation_function.threshold": threshold}}
    own = {"W_enc": encoder, "b_enc": bias, "b_dec": out_bias, "threshold": threshold}
    return {
        f"W_enc_{layer}": {f"{name}_{layer}": value for name, value in own.items()},
        f"W_dec_{layer}": {f"W_dec_{layer}": decoder},
    }


def save(t):
    folder = FOLDERS[t.kind]
    folder.mkdir(parents=True, exist_ok=True)
    for layer in range(N_LAYERS):
        for name, tensors in _layer_tensors(t, layer).items():
            save_file(tensors, folder / f"{name}.safetensors")
    lines = {
        "model_name": "demo",
        "model_kind": KINDS[t.kind],
        "scan": SCANS[t.kind],
        "feature_input_hook": HOOKS[t.kind],
        "feature_output_hook": "hook_mlp_out",
    }
    (folder / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))


def load(kind):
    """The set as stored, its rounded weights in float32."""
    t, folder = Transcoders(kind), FOLDERS[kind]
    read = lambda name: {key: value.float() for key, value in load_file(folder / f"{name}.safetensors").items()}
    for layer in range(N_LAYERS):
        if kind == "perLayer":
            stored = read(f"layer_{layer}")
            stored["threshold"] = stored.pop("activation_function.threshold")
            stored["W_dec"] = stored["W_dec"][:, None]
        else:
            stored = read(f"W_enc_{layer}") | read(f"W_dec_{layer}")
            stored = {name.removesuffix(f"_{layer}"): value for name, value in stored.items()}
        t.encoder.data[layer] = stored["W_enc"]
        t.encoder_bias.data[layer] = stored["b_enc"]
        t.decoder[layer].data = stored["W_dec"]
        t.decoder_bias.data[layer] = stored["b_dec"]
        t.threshold[layer] = stored["threshold"]
    return t.eval().requires_grad_(False)
