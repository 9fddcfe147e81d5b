import { PickleError } from '../pickle/pickle-bytes';
import { PickleClass, type PickleGlobal, PickleRecord, type PickleRules } from '../pickle/unpickle';
import { numpyBuilders } from './numpy-scalars';
import { type TorchDtype, type TorchStorage, TorchTensor, torchItemSizes } from './torch-tensor';

/** The storage classes and their element types. */
const storageDtypes: Readonly<Record<string, TorchDtype>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

/** A constant such as `torch.float32`, or a storage class. Only the name matters. */
export class TorchName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const constants: ReadonlySet<string> = new Set([
  ...Object.keys(torchItemSizes),
  'half',
  'float',
  'double',
  'long',
  'int',
]);

/**
 * The rules for the classes of tensors and plain values, and for the record classes listed by the caller.
 *
 * @param records `module.name` of the classes that become records
 * @param addStorage called for each storage; it may throw to reject one
 */
export function torchRules(
  records: ReadonlySet<string>,
  addStorage: (storage: TorchStorage) => TorchStorage,
): PickleRules {
  const find = ({ module, name }: PickleGlobal): unknown => {
    const full = `${module}.${name}`;
    if (Object.hasOwn(builders, full)) return new PickleClass(builders[full] as (args: readonly unknown[]) => unknown);
    if (records.has(full)) return new PickleClass((args) => new PickleRecord(full, args));
    const isConstant = module === 'torch' && (constants.has(name) || Object.hasOwn(storageDtypes, name));
    return isConstant ? new TorchName(name) : undefined;
  };
  return { find, load: (id) => addStorage(parseStorage(id)) };
}

/** The longest storage key. PyTorch uses decimal numbers. */
const maxKeyLength = 64;

/** Parse `('storage', class, key, location, count)`. The location, a device, is ignored. */
function parseStorage(id: unknown): TorchStorage {
  const [kind, type, key, , count] = Array.isArray(id) ? id : [];
  const dtype = type instanceof TorchName ? storageDtypes[type.name] : undefined;
  const isKey = typeof key === 'string' && key.length <= maxKeyLength;
  const known = kind === 'storage' && dtype !== undefined && isKey && Number.isSafeInteger(count);
  if (known && count >= 0) return { key, dtype, count };
  throw new PickleError('it references something other than a storage of numbers (opcode BINPERSID)');
}

const builders: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  ...numpyBuilders,
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': ([tensor]) => tensor,
  'collections.OrderedDict': (args) => orderedDict(args),
  'torch.device': ([device]) => new TorchName(typeof device === 'string' ? device : ''),
  'torch.Size': ([sizes]) => sizes,
};

function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): TorchTensor {
  const isStorage = typeof storage === 'object' && storage !== null && 'key' in storage;
  if (!isStorage || !Array.isArray(shape) || !Array.isArray(strides)) throw new PickleError('a tensor has no storage');
  return new TorchTensor(storage as TorchStorage, offset as number, [...shape], [...strides]);
}

function orderedDict([items = []]: readonly unknown[]): Map<unknown, unknown> {
  const pairs = Array.isArray(items) ? items : [];
  if (pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) return new Map(pairs);
  throw new PickleError('an OrderedDict is built from something other than pairs');
}
