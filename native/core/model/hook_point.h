#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace circuit_tracer {

// Named places of the forward pass, in TransformerLens' words. n positions, D model width.
enum class HookPoint {
  Embed,            // hook_embed                 [n, D] scaled embedding rows
  PositionEmbed,    // hook_pos_embed             [n, D] learned positions only
  ResidPre,         // hook_resid_pre             [n, D]
  Ln1Scale,         // ln1.hook_scale             [n, 1]
  Ln1Normalized,    // ln1.hook_normalized        [n, D] before the gain
  Query,            // attn.hook_q                [n, heads, dHead]
  Key,              // attn.hook_k                [n, kvHeads, dHead]
  Value,            // attn.hook_v                [n, kvHeads, dHead]
  QueryNormScale,   // attn.q_norm.hook_scale     [n, heads, 1]
  KeyNormScale,     // attn.k_norm.hook_scale     [n, kvHeads, 1]
  RotatedQuery,     // attn.hook_rot_q            [n, heads, dHead]
  RotatedKey,       // attn.hook_rot_k            [n, kvHeads, dHead]
  AttentionScores,  // attn.hook_attn_scores      [heads, n, n] masked
  Pattern,          // attn.hook_pattern          [heads, n, n]
  Z,                // attn.hook_z                [n, heads, dHead]
  Ln1PostScale,     // ln1_post.hook_scale        [n, 1]
  AttentionOut,     // hook_attn_out              [n, D] what is added to the residual
  ResidMid,         // hook_resid_mid             [n, D] not with parallel blocks
  Ln2Scale,         // ln2.hook_scale             [n, 1]
  Ln2Normalized,    // ln2.hook_normalized        [n, D] before the gain
  MlpIn,            // mlp.hook_in                [n, D] after the gain
  RawMlpOut,        // mlp.hook_out               [n, D] before ln2_post
  Ln2PostScale,     // ln2_post.hook_scale        [n, 1]
  MlpOut,           // hook_mlp_out               [n, D] what is added to the residual
  ResidPost,        // hook_resid_post            [n, D]
  FinalScale,       // ln_final.hook_scale        [n, 1]
  FinalNormalized,  // ln_final.hook_normalized   [n, D]
  UnembedPre,       // unembed.hook_pre           [n, D]
  UnembedPost,      // unembed.hook_post          [n, V] before the softcap
};

// A hook point of one layer; layer is -1 outside the blocks.
struct HookName {
  HookPoint point;
  int64_t layer;
  bool operator<(const HookName& other) const {
    return layer != other.layer ? layer < other.layer : point < other.point;
  }
};

// "blocks.3.attn.hook_pattern" or "unembed.hook_pre". Throws CodedError ERR_INVALID_ARGUMENT.
HookName parseHookName(const std::string& name);

// Called at every hook point with the value there; what it returns goes on through the model. One
// mechanism captures, freezes, edits and detaches.
using Hook = std::function<at::Tensor(HookPoint point, int64_t layer, at::Tensor value)>;

// The hook at the points of one layer, or outside the blocks (layer -1).
struct LayerHook {
  const Hook& hook;
  int64_t layer;

  at::Tensor operator()(HookPoint point, at::Tensor value) const {
    return hook(point, layer, std::move(value));
  }
};

}  // namespace circuit_tracer
