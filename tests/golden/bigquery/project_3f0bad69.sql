-- table demo.app.project: id INT64, name STRING, company STRING
-- table demo.app_staging.project__RUN: _plimsoll_op STRING, id INT64, name STRING, company STRING
MERGE `demo.app.project` AS T
USING `demo.app_staging.project__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`name` IS DISTINCT FROM S.`name` OR T.`company` IS DISTINCT FROM S.`company`) THEN UPDATE SET T.`name` = S.`name`, T.`company` = S.`company`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `name`, `company`) VALUES (S.`id`, S.`name`, S.`company`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
