-- table demo.app.people: id STRING, name STRING, mail STRING, born DATE, doc JSON, amount BIGNUMERIC, updated_at TIMESTAMP
-- table demo.app_staging.people__RUN: _plimsoll_op STRING, id STRING, name STRING, mail STRING, born DATE, doc JSON, amount BIGNUMERIC, updated_at TIMESTAMP
MERGE `demo.app.people` AS T
USING `demo.app_staging.people__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`name` = S.`name`, T.`mail` = S.`mail`, T.`born` = S.`born`, T.`doc` = S.`doc`, T.`amount` = S.`amount`, T.`updated_at` = S.`updated_at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `name`, `mail`, `born`, `doc`, `amount`, `updated_at`) VALUES (S.`id`, S.`name`, S.`mail`, S.`born`, S.`doc`, S.`amount`, S.`updated_at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
