const { explanations } = require('./test-needs');

/** Prints the reasons for skipped tests, and a summary in one line for machines and logs: `12 passed, 0 failed`. */
class TestSummaryReporter {
  /** @param options `of`: the beginning of the line, for a part of the tests. */
  constructor(_config, { of = '' } = {}) {
    this.of = of;
  }

  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests ? `, ${results.numPendingTests} skipped` : '';
    const lines = results.numPendingTests ? explanations() : [];
    lines.push(`${this.of}${results.numPassedTests} passed, ${failed} failed${skipped}`);
    // Jest prints its own summary after all reporters have run.
    process.once('exit', () => process.stderr.write(`${lines.join('\n')}\n`));
  }
}

module.exports = TestSummaryReporter;
