/** Reads the bytes of a pickle in order and never past the end. */
export class PickleBytes {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (!(length >= 0 && end <= this.#bytes.length)) {
      throw new PickleError(
        `expected ${length} bytes at byte ${this.#at}, found only ${this.#bytes.length - this.#at}`,
      );
    }
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  /** Read a length or number of eight bytes, which must fit a double exactly. */
  uint64(): number {
    const value = Number(this.take(8).readBigUInt64LE());
    if (Number.isSafeInteger(value)) return value;
    throw new PickleError(`the number ${value} is too large`);
  }

  double(): number {
    return this.take(8).readDoubleBE();
  }

  /** Read a little-endian two's complement integer of at most eight bytes. */
  integer(length: number): number {
    if (length === 0) return 0;
    if (length > 8) throw new PickleError(`an integer of ${length} bytes is too large`);
    const bytes = this.take(length);
    let value = 0n;
    for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
    const number = Number(BigInt.asIntN(8 * length, value));
    if (Number.isSafeInteger(number)) return number;
    throw new PickleError(`the integer ${number} is too large`);
  }

  /** Read up to a line break, which is dropped. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new PickleError('a line has no line break');
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  /** Read UTF-8. Python may leave lone surrogates in it, which become replacement characters. */
  text(length: number): string {
    return this.take(length).toString('utf8');
  }
}

/** A problem with a pickle. The message completes `the pickle cannot be read: `. */
export class PickleError extends Error {}
