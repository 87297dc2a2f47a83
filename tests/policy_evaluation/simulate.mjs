// Reads simulations from the file of the first argument, and prints the result of each as JSON. Condition keys that the
// action does not have are ignored, and printed.
import { readFileSync } from 'node:fs'
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate'

const results = []
for (const simulation of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  if (simulation.request.principal === 'anonymous') simulation.request.principal = anonymousPrincipal
  const { errors, overallResult, result } = await runSimulation(simulation, {})
  results.push({ errors, result: overallResult, ignored: result?.ignoredContextKeys ?? [] })
}
console.log(JSON.stringify(results))
