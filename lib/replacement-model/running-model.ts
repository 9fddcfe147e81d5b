import type { ModelSpec } from '../engine/model-spec';
import type { NativeModel } from '../engine/native-model';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Tokenizer } from '../model/tokenizer';

/** A model as the calls that run it need it. */
export interface RunningModel {
  readonly native: NativeModel;
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  readonly tokenizer: Tokenizer | undefined;
  /** The text of one token by itself. */
  readonly decode: (tokenId: number) => string;
}
