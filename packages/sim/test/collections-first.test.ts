import { campaign } from './campaign.ts'

campaign('collections', 1, 150)
