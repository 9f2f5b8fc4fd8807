import { IsIn, IsOptional, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { NAME } from '../../domain/name.ts'
import { OperationInput } from '../operation-input.ts'

@InputType({ description: 'Which service of the stack.' })
export class ServiceInput extends OperationInput {
  @Field(() => String, { description: 'Its name in the compose file: "db1", "etcd2", "haproxy", "barman".' })
  @Matches(NAME, { message: 'service: the name of a service, such as "db1"' })
  service!: string

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      "Also where it takes down etcd's last quorum, the last node, a leader that no node can succeed, a backup, or the API itself; and beside any other operation on the cluster: it then claims nothing but the service itself.",
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}
