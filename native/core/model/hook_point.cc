#include "model/hook_point.h"

#include <map>

#include "errors.h"

namespace circuit_tracer {
namespace {

const std::map<std::string, HookPoint>& blockPoints() {
  static const std::map<std::string, HookPoint> points = {
      {"hook_resid_pre", HookPoint::ResidPre},
      {"ln1.hook_scale", HookPoint::Ln1Scale},
      {"ln1.hook_normalized", HookPoint::Ln1Normalized},
      {"attn.hook_q", HookPoint::Query},
      {"attn.hook_k", HookPoint::Key},
      {"attn.hook_v", HookPoint::Value},
      {"attn.q_norm.hook_scale", HookPoint::QueryNormScale},
      {"attn.k_norm.hook_scale", HookPoint::KeyNormScale},
      {"attn.hook_rot_q", HookPoint::RotatedQuery},
      {"attn.hook_rot_k", HookPoint::RotatedKey},
      {"attn.hook_attn_scores", HookPoint::AttentionScores},
      {"attn.hook_pattern", HookPoint::Pattern},
      {"attn.hook_z", HookPoint::Z},
      {"ln1_post.hook_scale", HookPoint::Ln1PostScale},
      {"hook_attn_out", HookPoint::AttentionOut},
      {"hook_resid_mid", HookPoint::ResidMid},
      {"ln2.hook_scale", HookPoint::Ln2Scale},
      {"ln2.hook_normalized", HookPoint::Ln2Normalized},
      {"mlp.hook_in", HookPoint::MlpIn},
      {"mlp.hook_out", HookPoint::RawMlpOut},
      {"ln2_post.hook_scale", HookPoint::Ln2PostScale},
      {"hook_mlp_out", HookPoint::MlpOut},
      {"hook_resid_post", HookPoint::ResidPost},
  };
  return points;
}

const std::map<std::string, HookPoint>& modelPoints() {
  static const std::map<std::string, HookPoint> points = {
      {"hook_embed", HookPoint::Embed},
      {"hook_pos_embed", HookPoint::PositionEmbed},
      {"ln_final.hook_scale", HookPoint::FinalScale},
      {"ln_final.hook_normalized", HookPoint::FinalNormalized},
      {"unembed.hook_pre", HookPoint::UnembedPre},
      {"unembed.hook_post", HookPoint::UnembedPost},
  };
  return points;
}

constexpr char kBlockPrefix[] = "blocks.";

}  // namespace

HookName parseHookName(const std::string& name) {
  const auto whole = modelPoints().find(name);
  if (whole != modelPoints().end()) return {whole->second, -1};
  const size_t prefix = sizeof(kBlockPrefix) - 1;
  const size_t dot = name.find('.', prefix);
  if (name.compare(0, prefix, kBlockPrefix) == 0 && dot != std::string::npos && dot > prefix &&
      name.find_first_not_of("0123456789", prefix) == dot && dot - prefix < 7) {
    const auto point = blockPoints().find(name.substr(dot + 1));
    if (point != blockPoints().end()) {
      return {point->second, std::stoll(name.substr(prefix, dot - prefix))};
    }
  }
  throw CodedError("ERR_INVALID_ARGUMENT", "no hook point is called " + name);
}

}  // namespace circuit_tracer
