import { keepsLargest } from '../../engine/transcoder-spec';
import type { GraphInfo, Info, ModelInfo, TranscoderInfo } from '../../inspect/inspect';
import { byteSize, cell, clip, grouped, type Palette, pageWidth, printable, wrap } from './text';

const label = 16;

/** A name and its text, wrapped. */
export function field(name: string, text: string): string[] {
  const lines = wrap(printable(text).split(' '), ' ', pageWidth - label - 2, '');
  return lines.map((line, index) => `  ${cell(index === 0 ? name : '', label)}${line}`);
}

/** Render the content of a path in lines of at most 80 columns. */
export function renderInfo(info: Info, palette: Palette): string[] {
  switch (info.kind) {
    case 'model':
      return [palette.heading(title('Model', info.name)), ...modelLines(info)];
    case 'transcoders':
      return [palette.heading(title('Transcoders', scanText(info.spec.scan))), ...transcoderLines(info)];
    case 'graph':
      return [palette.heading(title('Graph', info.prompt)), ...graphLines(info)];
  }
}

function title(kind: string, name: string): string {
  return clip(printable(`${kind} ${name}`), pageWidth);
}

function scanText(scan: string | readonly string[]): string {
  return typeof scan === 'string' ? scan : `${scan.length} sets, one per layer`;
}

function storedLines({ parameters, bytes, dtypes }: ModelInfo | TranscoderInfo): string[] {
  return [
    ...field('parameters', grouped(parameters)),
    ...field('on disk', `${byteSize(bytes)} of ${dtypes.join(', ')}`),
  ];
}

function modelLines(info: ModelInfo): string[] {
  const { spec, hooks } = info;
  const heads = `${spec.nHeads} of width ${spec.dHead}, ${spec.nKeyValueHeads} for keys and values`;
  const experts = spec.mlp === 'experts' ? `, ${spec.nExpertsPerToken} of ${spec.nExperts} per token` : '';
  const windows = spec.slidingWindow.filter((window) => window > 0);
  return [
    ...field('family', spec.family),
    ...field('layers', String(spec.nLayers)),
    ...field('width', grouped(spec.dModel)),
    ...field('heads', heads),
    ...field('MLP', `${spec.mlp}, ${spec.activation}, width ${grouped(spec.dMlp)}${experts}`),
    ...field('norm', `${spec.normalization}${spec.postNorms ? ', also after attention and MLP' : ''}`),
    ...field('vocabulary', grouped(spec.dVocab)),
    ...field('positions', `${grouped(spec.maxPositions)}, ${spec.positionEmbedding}`),
    ...(windows.length > 0 ? field('sliding window', `${windows[0]} on ${windows.length} layers`) : []),
    ...storedLines(info),
    ...field('hooks', hooks.map(({ name }) => name).join(' ')),
  ];
}

function transcoderLines(info: TranscoderInfo): string[] {
  const { spec } = info;
  const same = spec.nFeatures.every((count) => count === spec.nFeatures[0]);
  const features = same ? `${grouped(spec.nFeatures[0] ?? 0)} in each layer` : spec.nFeatures.map(grouped).join(' ');
  return [
    ...field('kind', spec.kind === 'crossLayer' ? 'cross-layer' : 'one per layer'),
    ...field('made for', spec.modelName || '(not specified)'),
    ...field('layers', String(spec.nLayers)),
    ...field('width', grouped(spec.dModel)),
    ...field('features', features),
    ...field('activation', keepsLargest(spec.activation) ? `${spec.activation}, k ${spec.k}` : spec.activation),
    ...field('reads', spec.featureInputHook),
    ...field('writes', spec.featureOutputHook),
    ...field('skip', spec.hasSkip ? 'yes' : 'no'),
    ...storedLines(info),
  ];
}

function graphLines(info: GraphInfo): string[] {
  const { model, logits } = info;
  const top = logits.slice(0, 3).map(({ token, weight }) => `${JSON.stringify(token)} ${weight.toFixed(3)}`);
  return [
    ...field('model', `${model.modelName} (${model.family}, ${model.nLayers} layers, width ${model.dModel})`),
    ...field('transcoders', scanText(info.scan)),
    ...field('positions', String(info.positions)),
    ...field('features', `${grouped(info.activeFeatures)} active, ${grouped(info.selectedFeatures)} selected`),
    ...field('nodes', grouped(info.nodes)),
    ...field('outputs', `${logits.length}: ${top.join(', ')}${logits.length > top.length ? ', …' : ''}`),
    // A .pt file does not contain it.
    ...field('made by', info.packageVersion === '' ? 'unknown' : `circuit-tracer ${info.packageVersion}`),
  ];
}
