import { describe } from '../../validate';
import { opcodeName } from './opcodes';
import { PickleBytes, PickleError } from './pickle-bytes';

/** A class or function that a pickle references. */
export interface PickleGlobal {
  readonly module: string;
  readonly name: string;
}

/** An object that can receive state after it is created (opcode BUILD). */
export abstract class PickleObject {
  /** @throws PickleError for a state that does not fit the class. */
  abstract setState(state: unknown): void;
}

/** An object of a listed class: its constructor arguments and its fields. No code of the class. */
export class PickleRecord extends PickleObject {
  readonly className: string;
  readonly args: readonly unknown[];
  readonly fields = new Map<unknown, unknown>();

  constructor(className: string, args: readonly unknown[]) {
    super();
    this.className = className;
    this.args = args;
  }

  /** Set the state: a dict, or a dict and a dict of slots. */
  setState(state: unknown): void {
    for (const part of Array.isArray(state) ? state : [state]) {
      if (part === null) continue;
      if (!(part instanceof Map)) throw new PickleError('the state of an object is not a dict (opcode BUILD)');
      for (const [name, value] of part) this.fields.set(name, value);
    }
  }
}

/** The values that the reader builds for known names. All other names are rejected. */
export interface PickleRules {
  /** The value of `module.name`: a constant, or a {@link PickleClass} to be called. Undefined rejects the name. */
  find(global: PickleGlobal): unknown;
  /** The value of a persistent id: in PyTorch files, a storage. */
  load(id: unknown): unknown;
}

/** A listed class or function, with a way to turn a call into a value. Runs no code from the pickle. */
export class PickleClass {
  readonly build: (args: readonly unknown[]) => unknown;

  constructor(build: (args: readonly unknown[]) => unknown) {
    this.build = build;
  }
}

/**
 * Read a Python pickle without running any of its code. Lists and tuples become arrays, and dicts become maps.
 *
 * Memory is bounded by the length of the pickle and by the maximum number of values.
 *
 * @returns the value, and the offset of the end of the pickle
 * @throws PickleError for an unlisted class or opcode, which the message names, and for damaged bytes.
 */
export function unpickle(bytes: Buffer, rules: PickleRules, start = 0): { value: unknown; end: number } {
  return new Unpickler(new PickleBytes(bytes, start), rules).run();
}

const mark = Symbol('mark');
/**
 * The limit for values and memo entries, because a single byte of a pickle can create one. Graphs need a few hundred of
 * each.
 */
const maxValues = 200_000;

class Unpickler {
  readonly #bytes: PickleBytes;
  readonly #rules: PickleRules;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #values = 0;

  constructor(bytes: PickleBytes, rules: PickleRules) {
    this.#bytes = bytes;
    this.#rules = rules;
  }

  run(): { value: unknown; end: number } {
    for (;;) {
      const at = this.#bytes.at;
      const opcode = this.#bytes.byte();
      if (opcode === 0x2e) break;
      const step = steps[opcode];
      if (!step) throw new PickleError(`the opcode ${opcodeName(opcode)} at byte ${at} is not supported`);
      step(this, this.#bytes);
    }
    const value = this.pop();
    if (this.#stack.length > 0) throw new PickleError('values are left over at the end');
    return { value, end: this.#bytes.at };
  }

  push(value: unknown): void {
    if (++this.#values > maxValues) throw new PickleError(`it creates more than ${maxValues} values`);
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0 || this.top() === mark) throw new PickleError('a value is missing');
    return this.#stack.pop();
  }

  top(): unknown {
    if (this.#stack.length === 0) throw new PickleError('a value is missing');
    return this.#stack.at(-1);
  }

  pushMark(): void {
    this.push(mark);
  }

  /** Pop the last mark and the values above it. */
  popMarked(): unknown[] {
    const from = this.#stack.lastIndexOf(mark);
    if (from < 0) throw new PickleError('a mark is missing');
    const values = this.#stack.splice(from);
    return values.slice(1);
  }

  remember(key: number): void {
    if (this.#memo.size >= maxValues) throw new PickleError(`it stores more than ${maxValues} values in its memo`);
    this.#memo.set(key, this.top());
  }

  get remembered(): number {
    return this.#memo.size;
  }

  recall(key: number): void {
    if (!this.#memo.has(key)) throw new PickleError(`memo ${key} is empty`);
    this.push(this.#memo.get(key));
  }

  find(module: unknown, name: unknown, opcode: string): void {
    const named = typeof module === 'string' && typeof name === 'string';
    const value = named ? this.#rules.find({ module, name }) : undefined;
    if (value === undefined) {
      const asked = named ? `${module}.${name}`.slice(0, 200) : 'a class without a name';
      throw new PickleError(`it references ${asked} (opcode ${opcode}), which is not allowed in graph files`);
    }
    this.push(value);
  }

  load(id: unknown): void {
    this.push(this.#rules.load(id));
  }

  call(args: unknown, opcode: string): void {
    const called = this.pop();
    if (!(called instanceof PickleClass) || !Array.isArray(args)) {
      throw new PickleError(`it calls a value that is not callable (opcode ${opcode})`);
    }
    this.push(called.build(args));
  }
}

type Step = (machine: Unpickler, bytes: PickleBytes) => void;

function appendTo(list: unknown, values: readonly unknown[]): void {
  if (!Array.isArray(list)) throw new PickleError('values are appended to something other than a list');
  for (const value of values) list.push(value);
}

function setItems(dict: unknown, values: readonly unknown[]): void {
  if (!(dict instanceof Map) || values.length % 2 !== 0)
    throw new PickleError('items are set in something other than a dict');
  for (let i = 0; i < values.length; i += 2) {
    // With duplicate keys, this reader could see another value than Python does.
    if (dict.has(values[i])) throw new PickleError(`a dict has the key ${describe(values[i])} twice`);
    dict.set(values[i], values[i + 1]);
  }
}

function setState(target: unknown, state: unknown): void {
  if (!(target instanceof PickleObject)) throw new PickleError('state is set on a value without state (opcode BUILD)');
  target.setState(state);
}

function decimal(text: string): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new PickleError('a decimal integer is invalid or too large');
}

function booleanOrDecimal(text: string): unknown {
  if (text === '00') return false;
  return text === '01' ? true : decimal(text);
}

function makeDict(values: readonly unknown[]): Map<unknown, unknown> {
  const dict = new Map<unknown, unknown>();
  setItems(dict, values);
  return dict;
}

function popTuple(machine: Unpickler, length: number): void {
  const values = Array.from({ length }, () => machine.pop()).reverse();
  machine.push(values);
}

/** The effect of each opcode, by its byte. Python's pickletools lists all of them. */
const steps: Readonly<Record<number, Step>> = {
  128: (_, b) => void b.byte(), // PROTO
  149: (_, b) => void b.uint64(), // FRAME
  40: (m) => m.pushMark(), // MARK
  48: (m) => void m.pop(), // POP
  49: (m) => void m.popMarked(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  73: (m, b) => m.push(booleanOrDecimal(b.line())), // INT
  76: (m, b) => m.push(decimal(b.line().replace(/L$/, ''))), // LONG
  74: (m, b) => m.push(b.int32()), // BININT
  75: (m, b) => m.push(b.byte()), // BININT1
  77: (m, b) => m.push(b.uint16()), // BININT2
  138: (m, b) => m.push(b.integer(b.byte())), // LONG1
  139: (m, b) => m.push(b.integer(b.int32())), // LONG4
  70: (m, b) => m.push(Number(b.line())), // FLOAT
  71: (m, b) => m.push(b.double()), // BINFLOAT
  88: (m, b) => m.push(b.text(b.uint32())), // BINUNICODE
  140: (m, b) => m.push(b.text(b.byte())), // SHORT_BINUNICODE
  141: (m, b) => m.push(b.text(b.uint64())), // BINUNICODE8
  85: (m, b) => m.push(b.text(b.byte())), // SHORT_BINSTRING
  84: (m, b) => m.push(b.text(b.int32())), // BINSTRING
  67: (m, b) => m.push(b.take(b.byte())), // SHORT_BINBYTES
  66: (m, b) => m.push(b.take(b.uint32())), // BINBYTES
  125: (m) => m.push(new Map()), // EMPTY_DICT
  93: (m) => m.push([]), // EMPTY_LIST
  41: (m) => m.push([]), // EMPTY_TUPLE
  100: (m) => m.push(makeDict(m.popMarked())), // DICT
  108: (m) => m.push(m.popMarked()), // LIST
  116: (m) => m.push(m.popMarked()), // TUPLE
  133: (m) => popTuple(m, 1), // TUPLE1
  134: (m) => popTuple(m, 2), // TUPLE2
  135: (m) => popTuple(m, 3), // TUPLE3
  97: (m) => {
    const value = m.pop();
    appendTo(m.top(), [value]);
  }, // APPEND
  101: (m) => {
    const values = m.popMarked();
    appendTo(m.top(), values);
  }, // APPENDS
  115: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m.top(), [key, value]);
  }, // SETITEM
  117: (m) => {
    const values = m.popMarked();
    setItems(m.top(), values);
  }, // SETITEMS
  113: (m, b) => m.remember(b.byte()), // BINPUT
  114: (m, b) => m.remember(b.uint32()), // LONG_BINPUT
  112: (m, b) => m.remember(decimal(b.line())), // PUT
  148: (m) => m.remember(m.remembered), // MEMOIZE
  104: (m, b) => m.recall(b.byte()), // BINGET
  106: (m, b) => m.recall(b.uint32()), // LONG_BINGET
  103: (m, b) => m.recall(decimal(b.line())), // GET
  99: (m, b) => m.find(b.line(), b.line(), 'GLOBAL'), // GLOBAL
  147: (m) => {
    const name = m.pop();
    m.find(m.pop(), name, 'STACK_GLOBAL');
  }, // STACK_GLOBAL
  82: (m) => m.call(m.pop(), 'REDUCE'), // REDUCE
  129: (m) => m.call(m.pop(), 'NEWOBJ'), // NEWOBJ
  98: (m) => {
    const state = m.pop();
    setState(m.top(), state);
  }, // BUILD
  81: (m) => m.load(m.pop()), // BINPERSID
};
