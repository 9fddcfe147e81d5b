const { explanations } = require('./test-needs');

/** Ends jest's output with why tests were skipped, and one plain line, for machines and logs: `12 passed, 0 failed`. */
class TestSummaryReporter {
  /** @param options `of`: what the line begins with, for tests that are not all there are. */
  constructor(_config, { of = '' } = {}) {
    this.of = of;
  }

  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests ? `, ${results.numPendingTests} skipped` : '';
    const lines = results.numPendingTests ? explanations() : [];
    lines.push(`${this.of}${results.numPassedTests} passed, ${failed} failed${skipped}`);
    // jest's own summary comes after all reporters.
    process.once('exit', () => process.stderr.write(`${lines.join('\n')}\n`));
  }
}

module.exports = TestSummaryReporter;
