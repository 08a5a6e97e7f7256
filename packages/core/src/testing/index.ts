export { endpointCases, endpointSuite } from './suite/endpoint-suite.ts'
export { patternBytes, record, sendAll } from './suite/recorder.ts'
export type { Recorder } from './suite/recorder.ts'
export type { EndpointBuilder, EndpointCase, EndpointSuiteOptions, Rig, SuiteEndpointOptions, SuiteRunner } from './suite/types.ts'
