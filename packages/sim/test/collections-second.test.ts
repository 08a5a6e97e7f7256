import { campaign } from './campaign.ts'

campaign('collections', 151, 300)
