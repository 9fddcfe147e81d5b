export { BackgroundEncoder } from './background';
export { optionalObject, readPipeline } from './files';
export { withTimeLimit } from './guard';
export { areKnown } from './known-patterns';
export type { Pipeline } from './pipeline';
