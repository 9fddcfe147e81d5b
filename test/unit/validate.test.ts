import {
  checkBoolean,
  checkCallback,
  checkInteger,
  checkNotAborted,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSignal,
  checkText,
  describe as describeValue,
  nearest,
} from '../../lib/validate';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) });

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('expected a throw');
}

test('checkInteger accepts whole numbers in the range', () => {
  expect(checkInteger(3, 'n', 1)).toBe(3);
  expect(checkInteger(0, 'n', 0, 0)).toBe(0);
  for (const value of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null, undefined, 2n, 2 ** 53]) {
    expect(caught(() => checkInteger(value, 'n', 1))).toEqual(
      refusal(/^n must be a whole number of 1 or more; found /),
    );
  }
  expect(caught(() => checkInteger(9, 'n', 1, 8))).toEqual(refusal(/from 1 to 8; found 9/));
});

test('checkNumber accepts finite numbers in the range', () => {
  expect(checkNumber(0.5, 'p', 0, 1)).toBe(0.5);
  for (const value of [-0.1, 1.1, Number.NaN, '0.5']) {
    expect(caught(() => checkNumber(value, 'p', 0, 1))).toEqual(refusal(/^p must be a number from 0 to 1; found /));
  }
  expect(caught(() => checkNumber(Number.NEGATIVE_INFINITY, 'p'))).toEqual(refusal(/a finite number/));
  expect(caught(() => checkNumber(-1, 'p', 0))).toEqual(refusal(/of 0 or more; found -1/));
});

test('checkOneOf suggests the nearest', () => {
  expect(checkOneOf('cpu', 'offload', ['cpu', 'disk'])).toBe('cpu');
  expect(caught(() => checkOneOf('dsk', 'offload', ['cpu', 'disk']))).toEqual(
    refusal(/one of 'cpu', 'disk'; found "dsk"\. Did you mean 'disk'\?/),
  );
  expect(caught(() => checkOneOf(1, 'offload', ['cpu', 'disk']))).toEqual(refusal(/found 1\.$/));
});

test('checkOptions refuses what it does not know', () => {
  checkOptions({}, ['batchSize']);
  checkOptions({ batchSize: 1 }, ['batchSize']);
  expect(caught(() => checkOptions({ batchsize: 1 }, ['batchSize', 'offload']))).toEqual(
    refusal(/no 'batchsize'\. Did you mean 'batchSize'\?/),
  );
  expect(caught(() => checkOptions({ colour: 1 }, ['batchSize', 'offload']))).toEqual(
    refusal(/Known names: batchSize, offload/),
  );
  for (const value of [null, 1, 'x', []]) {
    expect(caught(() => checkOptions(value, []))).toEqual(refusal(/options must be an object/));
  }
});

test('checkText, checkBoolean and checkCallback reject other types', () => {
  expect(checkText('x', 'path')).toBe('x');
  expect(caught(() => checkText('', 'path'))).toEqual(refusal(/path must be a string/));
  expect(checkBoolean(false, 'sparse')).toBe(false);
  expect(caught(() => checkBoolean(0, 'sparse'))).toEqual(refusal(/sparse must be true or false; found 0/));
  expect(checkCallback(undefined, 'onProgress')).toBeUndefined();
  expect(caught(() => checkCallback('x', 'onProgress'))).toEqual(refusal(/onProgress must be a function/));
});

test('checkSignal accepts any AbortSignal and rejects other values', () => {
  const controller = new AbortController();
  expect(checkSignal(controller.signal)).toBe(controller.signal);
  expect(checkSignal(undefined)).toBeUndefined();
  for (const value of [null, 'stop', {}, { aborted: false }]) {
    expect(caught(() => checkSignal(value))).toEqual(refusal(/signal must be an AbortSignal/));
  }
  checkNotAborted(controller.signal);
  controller.abort('enough');
  expect(caught(() => checkNotAborted(controller.signal))).toMatchObject({
    code: 'ABORT_ERR',
    name: 'AbortError',
    cause: 'enough',
  });
});

test('nearest finds the likeliest known name for a misspelling', () => {
  const known = ['hook_resid_pre', 'hook_resid_mid', 'hook_mlp_out'];
  expect(nearest('hook_resid_mdi', known)).toBe('hook_resid_mid');
  expect(nearest('HOOK_MLP_OUT', known)).toBe('hook_mlp_out');
  expect(nearest('attention', known)).toBeUndefined();
});

test('describe keeps values short and on one line', () => {
  expect(describeValue('a\nb')).toBe('"a\\nb"');
  expect(describeValue('x'.repeat(100))).toHaveLength(62);
  expect(describeValue([1, 2])).toBe('an array of 2');
  expect(describeValue(new Float32Array(3))).toBe('a Float32Array');
  expect(describeValue({})).toBe('an object');
  expect(describeValue(undefined)).toBe('undefined');
});
