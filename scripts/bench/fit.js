/** Power laws fitted to measured points, given as [x, y]. */

/** The exponent e of the best fit y = c x^e, by least squares of log y on log x. */
function fittedExponent(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (axis) => logs.reduce((sum, point) => sum + point[axis], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** The maximum relative deviation of points from y = c x^exponent, with the c that minimises it. */
function largestDeviation(points, exponent) {
  const ratios = points.map(([x, y]) => y / x ** exponent);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return (most - least) / (most + least);
}

module.exports = { fittedExponent, largestDeviation };
