import { expect, it } from 'vitest'

// What can be imported is a promise. A name that comes or goes shows here, and in a changeset.

const names = async (door: Promise<object>): Promise<string> =>
  Object.keys(await door)
    .toSorted()
    .join('\n')

it('@mosaik/core', async () => {
  expect(await names(import('@mosaik/core'))).toMatchInlineSnapshot(`
    "CHUNK_BYTES
    CloseReasons
    ID_BYTES
    MAX_ADDRESS_LENGTH
    MAX_GOSSIP_BYTES
    MAX_MESSAGE_BYTES
    MosaikError
    abortable
    assert
    backoff
    canonical
    cbor
    check
    compareBytes
    componentLogger
    createBroadcast
    createFifo
    createLink
    createMailbox
    createMetrics
    createScope
    createTicket
    createTicketCache
    createWatch
    datumCodec
    deadline
    decodeCanonical
    deriveId
    generateSecretKey
    idFromBytes
    isAddress
    isPeerId
    isUniqueId
    joinAddress
    mapWatch
    networkProof
    noMetrics
    peerIdFromPublicKey
    peerIdOf
    publicKeyOf
    randomId
    secretKey
    seedOf
    seededPrng
    shortId
    signWith
    silentLogger
    singleLine
    sleep
    splitAddress
    toBytes
    toMs
    uniqueId
    validateDatum
    validateTickets
    verify
    webFaces"
  `)
})

it('@mosaik/core/jwt', async () => {
  expect(await names(import('@mosaik/core/jwt'))).toMatchInlineSnapshot(`
    "JWT_CLASS
    generateJwtKey
    issueJwt
    jwtValidator
    publicJwtKey"
  `)
})

it('@mosaik/core/system', async () => {
  expect(await names(import('@mosaik/core/system'))).toMatchInlineSnapshot(`
    "systemClock
    systemDisk
    systemLogger
    systemPrng"
  `)
})

it('@mosaik/core/testing', async () => {
  expect(await names(import('@mosaik/core/testing'))).toMatchInlineSnapshot(`
    "endpointCases
    endpointSuite
    patternBytes
    record
    sendAll
    simDisk
    simWorld
    streamPair"
  `)
})

it('@mosaik/libp2p', async () => {
  expect(await names(import('@mosaik/libp2p'))).toMatchInlineSnapshot(`"createEndpoint"`)
})

it('@mosaik/discovery', async () => {
  expect(await names(import('@mosaik/discovery'))).toMatchInlineSnapshot(`"createDiscovery"`)
})

it('@mosaik/streams', async () => {
  expect(await names(import('@mosaik/streams'))).toMatchInlineSnapshot(`
    "StreamCloseReasons
    createStreams
    defineStream"
  `)
})

it('@mosaik/collections', async () => {
  expect(await names(import('@mosaik/collections'))).toMatchInlineSnapshot(`
    "createCollections
    defineCell
    defineMap
    defineOnce
    definePriorityQueue
    defineRegister
    defineSet
    defineVec"
  `)
})

it('@mosaik/node', async () => {
  expect(await names(import('@mosaik/node'))).toMatchInlineSnapshot(`
    "CloseReasons
    MosaikError
    cbor
    createMetrics
    createNetwork
    createTicket
    defineCell
    defineMap
    defineOnce
    definePriorityQueue
    defineRegister
    defineSet
    defineStream
    defineVec
    deriveId
    fileLog
    generateSecretKey
    groupKey
    groupKeyFrom
    memoryLog
    networkOn
    peerIdOf
    randomGroupKey
    randomId
    secretKey
    toBytes
    uniqueId"
  `)
})

it('@mosaik/node/testing', async () => {
  expect(await names(import('@mosaik/node/testing'))).toMatchInlineSnapshot(`"simWorld"`)
})

it('@mosaik/cli', async () => {
  expect(await names(import('@mosaik/cli'))).toMatchInlineSnapshot(`
    "CommanderError
    InvalidArgumentError
    Option
    addresses
    connectionFlags
    createLog
    createOutput
    hostAndPort
    list
    networkOptionsOf
    parseProgram
    printable
    runProgram
    serveHealth
    wholeNumber"
  `)
})
