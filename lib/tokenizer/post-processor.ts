import { list, object, oneOf } from './refuse';

const types = ['TemplateProcessing', 'ByteLevel', 'BertProcessing', 'RobertaProcessing', 'Sequence'] as const;

/**
 * Check the post-processor. It adds special tokens, for which this package has its own rule, but a malformed one
 * indicates a damaged file.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for an unknown or malformed one.
 */
export function checkPostProcessor(given: unknown, name = 'post_processor'): void {
  if (given === null || given === undefined) return;
  const config = object(given, name);
  const type = oneOf(config.type, `${name}.type`, types);
  if (type === 'TemplateProcessing') {
    for (const key of ['single', 'pair']) {
      for (const [i, item] of list(config[key] ?? [], `${name}.${key}`).entries()) object(item, `${name}.${key}[${i}]`);
    }
  }
  if (type === 'Sequence') {
    const items = list(config.processors, `${name}.processors`);
    for (const [i, item] of items.entries()) {
      object(item, `${name}.processors[${i}]`);
      checkPostProcessor(item, `${name}.processors[${i}]`);
    }
  }
  if (type === 'BertProcessing' || type === 'RobertaProcessing') {
    for (const key of ['sep', 'cls']) list(config[key], `${name}.${key}`);
  }
}
