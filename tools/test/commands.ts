/** How the commands of pages are run by tests. */
export interface Command {
  /** As it stands in a page, without comments. Of a here-document: a line of it. */
  readonly command: string
  /** Is printed, sooner or later, when it works. */
  readonly prints?: RegExp
  /** It ends by itself, with the exit code 0. */
  readonly ends?: true
  /** What has to run before it, and is not in its block: others join there. */
  readonly before?: string
  /** Its block goes on where the one before it has stopped: the commands of both run side by side. */
  readonly isContinued?: true
  /** In so many terminals. Default 1. */
  readonly times?: number
  /** What is said instead of what, in the command and in the script that it runs: the page's numbers would take too long. */
  readonly smaller?: readonly (readonly [page: string, test: string])[]
  /** It is not run here, but by this test, or for this reason. */
  readonly elsewhere?: string
}

const port = (): string => String(10_000 + (process.pid % 20_000))

/** Every command in the `sh` blocks of all pages. */
export const COMMANDS: readonly Command[] = [
  { command: 'npx -y pnpm@12 demo', elsewhere: 'apps/orderbook/test/demo.process.test.ts' },
  { command: 'npx -y pnpm@12 test', elsewhere: 'it runs this' },
  { command: 'npx -y pnpm@12 start examples/ticks.ts', prints: / says \d+/ },
  { command: 'npx -y pnpm@12 start examples/ticks.ts <that address>', prints: / says \d+/ },
  { command: 'npx -y pnpm@12 bootstrap --network-id my-app', prints: /^address +\/ip4\//m },
  { command: 'npx -y pnpm@12 start examples/ticks.ts <one of them>', times: 2, prints: / says \d+/ },
  {
    command: "const network = await createNetwork('my-app', { listen: ['/ip4/127.0.0.1/udp/4700/quic-v1'] })",
    smaller: [['4700', port()]],
    prints: /^ETH was undefined, and is 3200\nETH was 3200, and is 3201\nETH was 3201, and is 3202\n/,
  },
  {
    command: "const network = await createNetwork('my-app', { discovery: { bootstrap: '/ip4/127.0.0.1/udp/4700/quic-v1' } })",
    smaller: [['4700', port()]],
    isContinued: true,
    prints: /^write: ETH is 32\d\d$/m,
  },
  { command: 'npx -y pnpm@12 start examples/tutorials/streams/display.ts', prints: /(\w+): 2\d °C\n[^]*^(?!\1)\w+: 2\d °C$/m },
  { command: 'npx -y pnpm@12 start examples/tutorials/streams/sensor.ts <that address>', times: 2, prints: /^sensor / },
  { command: 'npx -y pnpm@12 start examples/tutorials/groups/member.ts ann', prints: /^ann.* counted to \d+$/m },
  { command: 'npx -y pnpm@12 start examples/tutorials/groups/member.ts bob <that address>', prints: /^bob.* counted to \d+$/m },
  { command: 'npx -y pnpm@12 start examples/tutorials/groups/member.ts eve <that address>', prints: /^eve.* counted to \d+$/m },
  { command: 'npx -y pnpm@12 start examples/prices.ts', prints: / sells at \d+, .* sells at \d+$/m },
  { command: 'npx -y pnpm@12 start examples/prices.ts <that address>', prints: / sells at \d+, .* sells at \d+$/m },
  {
    command: "npx -y pnpm@12 bootstrap --network-id my-app --secret 'a long seed text' --metrics 9090",
    smaller: [['9090', '0']],
    prints: /^address +\/ip4\//m,
  },
  { command: 'npx -y pnpm@12 chat --room kitchen --name ann', prints: /bob/ },
  { command: 'npx -y pnpm@12 chat --room kitchen --name bob --peers <that address>', prints: /ann/ },
  {
    command: 'orderbook matcher  --network-id market --peers ADDRESS',
    before: 'npx -y pnpm@12 bootstrap --network-id market',
    times: 3,
    prints: /^status .* voters 3 .* instructions 24000 .* fills 12919$/m,
  },
  { command: 'orderbook observer --network-id market --peers ADDRESS', prints: /^status .* fills 12919 .* lost 0 /m },
  {
    command: 'orderbook trader   --network-id market --peers ADDRESS --orders apps/orderbook/sample/orders.csv',
    prints: /^totals +sent 24000 +acknowledged 24000 /m,
    ends: true,
  },
  { command: 'node --conditions=@mosaik/source apps/orderbook/sample/generate.ts', ends: true },
  { command: 'npx -y pnpm@12 sim --seeds 200', smaller: [['200', '2']], prints: /^2 seeds, 0 failed/m, ends: true },
  { command: 'npx -y pnpm@12 sim --world network --seeds 200', smaller: [['200', '2']], prints: /^2 seeds, 0 failed/m, ends: true },
  { command: 'npx -y pnpm@12 sim --seed 41 --verbose', prints: /^seed 41: /m, ends: true },
  {
    command: 'npx -y pnpm@12 campaign',
    smaller: [
      ['--seeds 20000', '--seeds 1'],
      ['--seeds 5000', '--seeds 1'],
      ['--seeds 2000', '--seeds 1'],
      // The kills are commands of pages of their own.
      [' && node --conditions=@mosaik/source packages/raft/test/process/campaign.ts', ''],
      [' && node --conditions=@mosaik/source packages/collections/test/process/campaign.ts', ''],
    ],
    prints: /(?:^1 seeds, 0 failed[^]*){3}/m,
    ends: true,
  },
  {
    command: 'node --conditions=@mosaik/source packages/raft/test/process/campaign.ts --kills 20 --seed 7 --victims any --verbose',
    smaller: [['--kills 20', '--kills 1']],
    prints: /^\| any \| 7 \| 1 \|/m,
    ends: true,
  },
  {
    command: 'node --conditions=@mosaik/source packages/collections/test/process/campaign.ts --seconds 60 --seed 7 --in-memory 1 --verbose',
    smaller: [['--seconds 60', '--seconds 1']],
    prints: /^memory at the end/m,
    ends: true,
  },
]
