-- table demo.app.project: project_id INT64, name STRING, company STRING
-- table demo.app_staging.project__RUN: _plimsoll_op STRING, project_id INT64, name STRING, company STRING
MERGE `demo.app.project` AS T
USING `demo.app_staging.project__RUN` AS S
ON T.`project_id` = S.`project_id` AND T.`project_id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`name` = S.`name`, T.`company` = S.`company`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`project_id`, `name`, `company`) VALUES (S.`project_id`, S.`name`, S.`company`)
