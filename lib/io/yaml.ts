import { lazy } from '../lazy';

export const yaml = lazy(() => require('yaml') as typeof import('yaml'));
