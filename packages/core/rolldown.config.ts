import { defineConfig } from 'rolldown'

/** Replaces one compiled module by a bundle with cbor-x inside: see src/codec/cbor-vendor.ts. */
export default defineConfig({
  input: 'src/codec/cbor-vendor.ts',
  // `neutral` takes cbor-x's portable entry, which does not look for its native part.
  platform: 'neutral',
  output: {
    file: 'dist/codec/cbor-vendor.js',
    format: 'esm',
    sourcemap: true,
    banner: '// Contains cbor-x, MIT licence, copyright (c) 2020 Kris Zyp: see THIRD-PARTY-LICENSES.md',
  },
})
