/**
 * The rate of a large matrix product, 2048³ in float32, in GFLOP/s, to which percentages refer. Other work on the
 * machine can only lower it, so the best of several measurements before, between and after all others counts.
 */
const { loadBuiltAddon } = require('../../dist/libtorch/load-addon');

const extent = 2048;
const products = 20;

class GemmRate {
  constructor(device) {
    this.device = device;
    this.best = 0;
  }

  measure() {
    const { gemmGflops } = loadBuiltAddon('circuit_tracer_bench');
    this.best = Math.max(this.best, gemmGflops(extent, products, this.device));
  }

  toString() {
    return `${this.best.toFixed(0)} GFLOP/s of a ${extent}³ product, float32`;
  }
}

module.exports = { GemmRate };
