/** Ends jest's output with one plain line, for machines and logs: `12 passed, 0 failed`. */
class TestSummaryReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests ? `, ${results.numPendingTests} skipped` : '';
    // jest's own summary comes after all reporters.
    process.once('exit', () => process.stderr.write(`${results.numPassedTests} passed, ${failed} failed${skipped}\n`));
  }
}

module.exports = TestSummaryReporter;
