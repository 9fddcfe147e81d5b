/**
 * GFLOP/s of a large matrix product, 2048³ of float32, which shares are of. Other work on the machine only lowers it: the
 * best counts of several, taken before, between and after all else that is measured.
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
