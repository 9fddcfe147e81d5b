import { list, object, oneOf } from './refuse';

const types = ['TemplateProcessing', 'ByteLevel', 'BertProcessing', 'RobertaProcessing', 'Sequence'] as const;

/**
 * The post-processor adds special tokens, which this package leaves to its own rule; a broken one tells of a broken file.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for one that isn't known or not well-formed.
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
