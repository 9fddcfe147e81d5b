/** The names of rejected opcodes, for messages. Python's pickletools lists all of them. */
const refused: Readonly<Record<number, string>> = {
  80: 'PERSID',
  83: 'STRING',
  86: 'UNICODE',
  105: 'INST',
  111: 'OBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  142: 'BINBYTES8',
  143: 'EMPTY_SET',
  144: 'ADDITEMS',
  145: 'FROZENSET',
  146: 'NEWOBJ_EX',
  150: 'BYTEARRAY8',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

export function opcodeName(opcode: number): string {
  return refused[opcode] ?? `0x${opcode.toString(16).padStart(2, '0')}`;
}
