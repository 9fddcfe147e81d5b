import { pages, testExamples } from '../support/doc-examples';

// Word for word. `test/system/docs` runs them with fewer samples.
describe.each(pages)('%s', (page) => testExamples(page));
