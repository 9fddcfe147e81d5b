import type { ModelSpec } from '../engine/model-spec';
import type { NativeModel } from '../engine/native-model';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Tokenizer } from '../model/tokenizer';

/** The parts of a model that the calls that run it need. */
export interface RunningModel {
  readonly native: NativeModel;
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  readonly tokenizer: Tokenizer | undefined;
  /** The text of a single token. */
  readonly decode: (tokenId: number) => string;
}
