/** Reads a pickle's bytes from front to back and never past the end. */
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
        `${length} bytes are announced at byte ${this.#at}, and ${this.#bytes.length - this.#at} left`,
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

  /** A length or number of eight bytes that a double holds exactly. */
  uint64(): number {
    const value = Number(this.take(8).readBigUInt64LE());
    if (Number.isSafeInteger(value)) return value;
    throw new PickleError(`the number ${value} is too large`);
  }

  double(): number {
    return this.take(8).readDoubleBE();
  }

  /** Two's complement, little-endian, of at most eight bytes. */
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

  /** Up to a line break, which is dropped. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new PickleError('a line has no end');
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  /** UTF-8. Python may leave lone surrogates in it; they become replacement characters. */
  text(length: number): string {
    return this.take(length).toString('utf8');
  }
}

/** What is wrong with a pickle, in words that complete `the pickle can't be read: `. */
export class PickleError extends Error {}
