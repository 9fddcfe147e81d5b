import { lazy } from '../lazy';

export const hubLibrary = lazy(() => require('@huggingface/hub') as typeof import('@huggingface/hub'));
