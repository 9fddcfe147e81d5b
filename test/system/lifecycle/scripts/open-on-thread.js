const { openBinding } = require('../../../../dist/engine/binding');

/** Prints how many turns the event loop made while LibTorch was opened. */
(async () => {
  let turns = 0;
  let opened = false;
  const turn = () => {
    turns++;
    if (!opened) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all([openBinding(), openBinding()]);
  opened = true;
  const { binding } = require('../../../../dist/engine/binding');
  process.stdout.write(JSON.stringify({ turns, libtorch: binding().libtorchVersion }));
})();
