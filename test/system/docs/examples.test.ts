import { type Edit, pages, testExamples } from '../../support/doc-examples';

/** With few samples verify takes seconds; the slow tests run the examples word for word. */
const fewSamples: Edit = (text) => {
  const few = text.replace(/samples: \d+/g, 'samples: 4');
  return few.startsWith('circuit-tracer verify') ? few.replace(/ --samples \d+|$/, ' --samples 4') : few;
};

describe.each(pages)('%s', (page) => testExamples(page, fewSamples));
